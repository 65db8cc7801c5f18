import numpy as np
import pytest

from hwnas.spaces import load_space
from hwnas.spaces.sampling import spread_sample
from objectives.costs import MACS


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


def test_a_small_space_gives_what_it_has() -> None:
    space = load_space("nas_bench_macro", resolution=8, classes=4)
    found = spread_sample(space, np.random.default_rng(0), 100_000)
    assert 1000 < len(found) <= space.size
