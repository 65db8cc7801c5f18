"""The benchmark of resolution and width as choices."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.family_accuracies import SyntheticAccuracies
from benchmarks.family_supernet import SupernetAccuracies, trained_accuracies
from benchmarks.resolution_as_choice import Part, figures
from hwnas.data import load_dataset
from hwnas.objectives.costs import MACS
from hwnas.search.trellis import Trellis
from hwnas.spaces import SpaceFamily, load_space
from hwnas.supernet.supernet import Supernet
from hwnas.training.evaluation import accuracy
from hwnas.training.recalibration import recalibrate
from tests.hwnas.supernet.families import tiny_family

FAMILY = load_space("nas_bench_macro", resolution=(24, 32), width=(0.5, 1.0), classes=10)
assert isinstance(FAMILY, SpaceFamily)
LATENCIES = [Trellis.of(member, MACS) for member in FAMILY.members]


def test_the_networks_of_a_part_are_those_of_the_family_and_cost_as_much() -> None:
    part = Part(FAMILY, LATENCIES, (1, 3))
    rows = part.problem.space.sample(np.random.default_rng(0), 20)
    same = part.of_family(rows)
    assert set(same[:, 0].tolist()) == {1, 3}
    assert (part.problem.costs(rows) == Trellis.of(FAMILY, MACS).evaluate(same)).all()


def test_the_whole_is_compared_with_its_resolutions_and_its_members() -> None:
    def judge(seed: int) -> SyntheticAccuracies:
        return SyntheticAccuracies(FAMILY, seed)

    found = figures(FAMILY, LATENCIES, judge, ("nsga2", "two_stage"), 8, range(1))
    choice = found["choice"]["two_stage"]
    assert set(choice["single_resolutions"]) == {"24 px", "32 px"}
    assert len(choice["single_members"]) == 4
    assert all(0 < share < 1 for share in choice["single_members"].values())
    means = [np.mean(found["searchers"][name]["each"]) for name in ("two_stage", "nsga2")]
    assert abs(found["two_stage_to_nsga2"] - means[0] / means[1]) < 1e-3


def test_a_supernet_that_was_kept_gives_the_same_figures(tmp_path: Path) -> None:
    family = tiny_family(tmp_path)
    datasets = [load_dataset("digits", resolution=each, limit=100) for each in (8, 12)]
    latencies = [Trellis.of(member, MACS) for member in family.members]

    def found() -> dict[str, Any]:
        accuracies = trained_accuracies(family, datasets, tmp_path / "supernet.safetensors", 2)
        return figures(
            family, latencies, lambda _: accuracies, ("two_stage",), 6, range(1), parts=False
        )

    first = found()
    assert first["choice"] == {}
    assert len(first["searchers"]["two_stage"]["each"]) == 1
    assert found() == first


def test_searchers_are_told_validation_and_judged_by_test_images(tmp_path: Path) -> None:
    family = tiny_family(tmp_path)
    datasets = [load_dataset("digits", resolution=each, limit=200) for each in (8, 12)]
    accuracies = SupernetAccuracies.of(Supernet(family), datasets)
    for row in family.sample(np.random.default_rng(0), 3):
        images = datasets[family.resolutions.index(family.member(row).resolution)]
        network = accuracies.validation.supernet.extract(row)
        recalibrate(network, images.train.images)
        validation, test = (accuracy(network, split) for split in (images.validation, images.test))
        assert validation != test
        assert accuracies.observed(row) == pytest.approx(validation)
        assert accuracies.true(row) == pytest.approx(test)
