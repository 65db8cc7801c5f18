import numpy as np
import pytest

from hwnas.estimators.predictor import SpacePredictor
from hwnas.estimators.space_features import SpaceCosts
from hwnas.objectives.statistics.features import Features
from hwnas.objectives.statistics.gaussian import GaussianProcess
from hwnas.objectives.statistics.regression import every_form, fit_regression
from tests.hwnas.search.problems import every_architecture, macro, macro_accuracy, macro_problem


def some(count: int, seed: int) -> np.ndarray:
    every = every_architecture(macro())
    return every[np.random.default_rng(seed).choice(len(every), count, replace=False)]


def test_it_corrects_the_accuracies_of_networks_that_were_chosen_for_them() -> None:
    costs, every = SpaceCosts(macro()), every_architecture(macro())
    optimism, left = [], []
    rows = some(100, 0)
    chosen = fit_regression(macro().choice_counts, rows, macro_accuracy(rows), Features(costs))
    for seed in range(3):
        rows = some(100, seed)
        known = macro_accuracy(rows)
        second = GaussianProcess.fitted(rows, known, costs)
        for form in every_form(chosen, rows, known, but=("trees and costs",)):
            predicted = SpacePredictor(macro(), form, costs).evaluate_architectures(every)
            for quantile in (0.25, 1.0):
                kept = every[macro_problem(quantile).feasible(every)]
                best = kept[predicted[macro_problem(quantile).feasible(every)].argmax()][None]
                true = macro_accuracy(best)[0]
                optimism.append(form.predict(best)[0] - true)
                left.append(second.predict(best)[0] - true)
    assert np.mean(optimism) > 0.5
    assert abs(np.mean(left)) < 0.5 * np.mean(optimism)
    assert np.mean(np.abs(left)) < 0.7 * np.mean(np.abs(optimism))


def test_what_is_known_is_nearly_what_it_expects() -> None:
    rows = some(60, 0)
    known = macro_accuracy(rows)
    second = GaussianProcess.fitted(rows, known, SpaceCosts(macro()))
    assert np.abs(second.predict(rows) - known).mean() < 0.3 * np.abs(known - known.mean()).mean()


@pytest.mark.parametrize("count", [10, 40])
def test_equal_accuracies_are_expected_of_all(count: int) -> None:
    rows = some(count, 0)
    second = GaussianProcess.fitted(rows, np.full(count, 90.0), SpaceCosts(macro()))
    assert second.predict(some(5, 1)) == pytest.approx(np.full(5, 90.0))


def test_networks_of_equal_costs_are_told_apart_by_their_choices() -> None:
    rows = some(40, 0)
    known = 90.0 + rows[:, 0]

    def alike(architectures: np.ndarray) -> np.ndarray:
        return np.full((len(architectures), 2), 1e6)

    found = GaussianProcess.fitted(rows, known, alike).predict(rows)
    assert np.corrcoef(found, known)[0, 1] > 0.9
