"""What a sum holds of each choice alone, held against the means over all networks."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.objectives.costs import MACS
from hwnas.search.exact.effects import SumOfChoices, effects_of
from hwnas.search.exact.known_scores import ListedScore, SumScore
from hwnas.search.exact.stages import StageScore
from hwnas.search.trellis import Trellis
from hwnas.spaces.family import SpaceFamily
from hwnas.spaces.stages import StageSpace
from tests.hwnas.search.problems import every_architecture, macro, small_space


def random_values(counts: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    generator = np.random.default_rng(0)
    return [generator.normal(size=int(count)) for count in counts]


def beside_mean(values: list[NDArray[np.float64]]) -> list[float]:
    return [number for one in values for number in (one - one.mean()).tolist()]


def means(trellis: Trellis) -> list[float]:
    """By brute force, over every row of choices, canonical or not."""
    counts = [step.shape[2] for step in trellis.steps]
    rows = np.indices(counts).reshape(len(counts), -1).T
    scores = trellis.evaluate(rows)
    parts = [
        np.array([scores[rows[:, slot] == choice].mean() for choice in range(count)])
        for slot, count in enumerate(counts)
    ]
    return beside_mean(parts)


def test_of_a_sum_over_slots_they_are_the_values_themselves() -> None:
    values = random_values(macro().choice_counts)
    found = SumScore(Trellis.from_values(macro(), "x", "", 3.0, values)).effects
    assert found is not None
    assert found.over == ""
    assert all(map(np.array_equal, found.values, values))


def test_of_coupled_neighbours_they_are_means_over_these() -> None:
    space = small_space(((1, 2), (0, 2)), (3, 5))
    counts, generator = space.choice_counts, np.random.default_rng(1)
    pairs = [
        None,
        *(generator.normal(size=(a, b)) for a, b in pairwise(counts)),
    ]
    trellis = Trellis.from_values(space, "x", "", 1.0, random_values(counts), pairs)
    found = effects_of(trellis)
    assert found is not None
    assert found.over == "neighbours"
    assert beside_mean(found.values) == pytest.approx(means(trellis))


def test_of_several_sizes_they_are_means_over_these() -> None:
    space = SpaceFamily("two", tuple(small_space(((1, 2), (0, 2)), (3, 5), px) for px in (8, 12)))
    trellis = Trellis.of(space, MACS)
    found = effects_of(trellis)
    assert found is not None
    assert found.over == "sizes"
    assert [len(one) for one in found.values] == space.choice_counts.tolist()
    assert beside_mean(found.values) == pytest.approx(means(trellis))


def test_of_a_sum_over_stages_they_are_means_over_paths() -> None:
    stages = StageSpace(macro())
    trellis = Trellis.from_values(stages, "x", "", 0.0, random_values(stages.choice_counts))
    score = StageScore(stages, trellis)
    found = score.effects
    assert (found.over, len(found.values)) == ("paths", 8)
    rows = every_architecture(macro())
    scores = score.evaluate(rows)
    wanted = [
        np.array([scores[rows[:, slot] == choice].mean() for choice in range(len(one))])
        for slot, one in enumerate(found.values)
    ]
    assert beside_mean(found.values) == pytest.approx(beside_mean(wanted))


def test_other_scores_have_none() -> None:
    steps = Trellis.from_values(macro(), "x", "", 0.0, random_values(macro().choice_counts))
    largest = Trellis("x", "", 0.0, steps.steps, steps.allowed, np.maximum)
    assert effects_of(largest) is None
    rows = every_architecture(macro())
    assert not isinstance(ListedScore(rows, np.zeros(len(rows))), SumOfChoices)
