"""The benchmark of resolution and width as choices."""

import numpy as np

from benchmarks.family_accuracies import SyntheticAccuracies
from benchmarks.resolution_as_choice import Part, figures
from hwnas.objectives.costs import MACS
from hwnas.search.trellis import Trellis
from hwnas.spaces import SpaceFamily, load_space

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
