from itertools import product
from pathlib import Path

import numpy as np
import pytest

from hwnas.objectives.costs import MACS
from hwnas.spaces import load_space
from hwnas.spaces.sampling import spread_sample


@pytest.mark.parametrize("name", ["mobilenet_v2", "mobilenet_v3_large", "nas_bench_macro"])
def test_a_spread_sample_reaches_both_ends_and_leaves_no_wide_gap(name: str) -> None:
    space = load_space(name, resolution=64, classes=10)
    found = spread_sample(space, np.random.default_rng(0), 60)
    assert len(found) == 60
    assert len(np.unique(found, axis=0)) == 60
    np.testing.assert_array_equal(found, space.canonical(found))
    macs = MACS.evaluate(space.networks(found))
    uniform = MACS.evaluate(space.networks(space.sample(np.random.default_rng(1), 1000)))
    assert macs[0] <= uniform.min()
    assert macs[-1] >= uniform.max()
    assert np.diff(macs).max() < 0.15 * (macs[-1] - macs[0])


def test_a_small_space_gives_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(
        "name: small\nresolution: 8\nclasses: 4\nstem: {channels: 8, activation: relu}\n"
        "stages: [{channels: 8, depth: [1, 3], kernels: [3], expansions: [2, 4], "
        "activation: relu}]\nhead: {features: 32, activation: relu}\n"
    )
    space = load_space(str(path))
    every = space.canonical(np.array(list(product(*map(range, space.choice_counts)))))
    found = spread_sample(space, np.random.default_rng(0), 500)
    assert np.unique(found, axis=0).tolist() == np.unique(every, axis=0).tolist()
