"""The forms of the predictor that see kernels and expansions slot by slot."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from hwnas.estimators.predictor import SpacePredictor
from hwnas.estimators.space_features import SpaceCosts
from hwnas.estimators.traits import OF_A_BLOCK, choice_traits
from hwnas.networks.blocks import Skip
from hwnas.objectives.costs import MACS
from hwnas.objectives.statistics.features import Features
from hwnas.objectives.statistics.regression import (
    SLOTS,
    WITH_COSTS,
    Regression,
    every_form,
    fit_regression,
)
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import load_space

SPACE = load_space("once_for_all_mobilenet_v3", resolution=32, classes=10)
COSTS = SpaceCosts(SPACE)
TRAITS = choice_traits(SPACE)
COUNT = 60
VALUES = np.random.default_rng(2).uniform(0.0, 0.1, (len(TRAITS), OF_A_BLOCK))


def accuracies(rows: np.ndarray) -> np.ndarray:
    """Kernels and expansions count, in each slot as much as they happen to, and so do log MACs."""
    slots = zip(TRAITS, VALUES, rows.T, strict=True)
    return 50 + sum(own[column] @ value for own, value, column in slots) + 6 * logarithms(rows)


def logarithms(rows: np.ndarray) -> np.ndarray:
    """Of the MACs."""
    return np.log(COSTS(rows)[:, 0])


def drawn(count: int, seed: int) -> np.ndarray:
    return SPACE.sample(np.random.default_rng(seed), count)


@pytest.fixture(scope="module")
def fitted() -> Regression:
    rows = drawn(COUNT, 0)
    features = Features(COSTS, None, TRAITS)
    return fit_regression(SPACE.choice_counts, rows, accuracies(rows), features)


def test_traits_are_those_of_blocks_and_zeros_where_there_is_none() -> None:
    for slot, traits in zip(SPACE.slots, TRAITS, strict=True):
        for block, own in zip(slot.choices, traits.tolist(), strict=True):
            if isinstance(block, Skip):
                assert own == [0.0, 0.0, 0.0]
            else:
                assert own == [1.0, block.expanded_channels / block.in_channels, block.kernel]


def test_of_several_spaces_the_first_slot_says_which_one_it_is() -> None:
    name = "once_for_all_mobilenet_v3"
    member, *others = choice_traits(load_space(name, resolution=[32, 64], classes=10))
    assert np.array_equal(member, np.eye(2))
    assert all(np.array_equal(one, own) for one, own in zip(others, TRAITS, strict=True))


def test_what_follows_kernels_expansions_and_costs_is_fitted_by_them_from_few_networks(
    fitted: Regression,
) -> None:
    assert fitted.kind.startswith(SLOTS)
    rest = drawn(300, 3)
    assert kendalltau(fitted.predict(rest), accuracies(rest)).statistic > 0.95
    others = [error.tau for kind, error in fitted.errors.items() if not kind.startswith(SLOTS)]
    assert fitted.errors[fitted.kind].tau > max(others) + 0.05


def test_a_form_of_slots_is_a_sum_and_with_costs_one_with_a_curve(fitted: Regression) -> None:
    rows, rest = drawn(COUNT, 0), drawn(5, 4)
    forms = {one.kind: one for one in every_form(fitted, rows, accuracies(rows))}
    alone, curved = (
        SpacePredictor(SPACE, forms[kind], COSTS) for kind in (SLOTS, SLOTS + WITH_COSTS)
    )
    known = alone.known
    assert isinstance(known, SumScore)
    assert np.array_equal(known.evaluate(rest), alone.evaluate_architectures(rest))
    assert not curved.regression.is_sum
    for row in rest:  # a tangent foretells what changes little
        tangent, changed = curved.near(row), row.copy()
        assert tangent is not None
        changed[0] = (row[0] + 1) % SPACE.choice_counts[0]
        both = np.stack((row, changed))
        expected = np.diff(curved.evaluate_architectures(both))
        assert np.diff(tangent.evaluate(both)) == pytest.approx(expected, abs=0.1)


def test_a_search_climbs_to_what_no_drawn_network_reaches(fitted: Regression) -> None:
    macs, some = Trellis.of(SPACE, MACS), drawn(2000, 5)
    bound = float(np.median(macs.evaluate(some)))
    problem = SearchProblem(SPACE, macs, (Limit(macs, bound),))
    known = SpacePredictor(SPACE, fitted, COSTS).known
    front = known.front(problem, np.random.default_rng(0)).front
    assert (macs.evaluate(front.architectures) <= bound).all()
    assert front.scores[-1] > fitted.predict(some[macs.evaluate(some) <= bound]).max()
