import numpy as np
import pytest

from hwnas.estimators.predictor import SpacePredictor
from hwnas.estimators.space_features import SpaceCosts, space_features
from hwnas.objectives.statistics.regression import (
    ADDITIVE,
    NEIGHBOURS,
    SLOTS,
    WITH_COSTS,
    Regression,
    every_form,
    fit_regression,
)
from hwnas.search.exact.known_scores import SumScore
from tests.hwnas.search.problems import every_architecture, macro, macro_accuracy, macro_problem

COSTS = SpaceCosts(macro())
ROWS = every_architecture(macro())[np.random.default_rng(0).permutation(3969)[:120]]


@pytest.fixture(scope="module")
def forms() -> dict[str, Regression]:
    known = macro_accuracy(ROWS)
    chosen = fit_regression(macro().choice_counts, ROWS, known, space_features(macro(), COSTS))
    return {form.kind: form for form in every_form(chosen, ROWS, known)}


@pytest.mark.parametrize("kind", [ADDITIVE, NEIGHBOURS, SLOTS])
def test_a_sum_is_the_trellis_that_is_searched_to_the_last_bit(
    kind: str, forms: dict[str, Regression]
) -> None:
    predictor = SpacePredictor(macro(), forms[kind], COSTS)
    known = predictor.known
    assert isinstance(known, SumScore)
    assert np.array_equal(known.evaluate(ROWS), predictor.evaluate_architectures(ROWS))


@pytest.mark.parametrize("kind", [form + WITH_COSTS for form in (ADDITIVE, NEIGHBOURS, SLOTS)])
def test_the_sum_nearest_to_a_curve_of_costs_touches_it(
    kind: str, forms: dict[str, Regression]
) -> None:
    predictor = SpacePredictor(macro(), forms[kind], COSTS)
    # Two networks that differ little in costs.
    one, other = np.array([[2] * 8, [2] * 7 + [1]])
    tangent = predictor.near(one)
    assert tangent is not None
    rise = np.diff(predictor.evaluate_architectures(np.stack((one, other))))
    assert np.diff(tangent.evaluate(np.stack((one, other)))) == pytest.approx(rise, abs=0.05)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 1.0])
def test_every_form_has_its_very_best_network_found(
    quantile: float, forms: dict[str, Regression]
) -> None:
    problem, every = macro_problem(quantile), every_architecture(macro())
    every = every[problem.feasible(every)]
    for form in forms.values():
        predictor = SpacePredictor(macro(), form, COSTS)
        front = predictor.known.front(problem, np.random.default_rng(0)).front
        assert front.scores[-1] == predictor.evaluate_architectures(every).max()
