import numpy as np
import pytest
from scipy.stats import kendalltau

from hwnas.core.errors import AccuracyError
from hwnas.estimators.space_features import SpaceCosts
from hwnas.objectives.statistics.features import Features
from hwnas.objectives.statistics.regression import ADDITIVE, WITH_COSTS, fit_regression, out_of_fold
from tests.hwnas.search.problems import every_architecture, macro, macro_accuracy


def some(count: int, seed: int = 0) -> np.ndarray:
    every = every_architecture(macro())
    return every[np.random.default_rng(seed).choice(len(every), count, replace=False)]


def test_published_accuracies_are_predicted_from_300_networks() -> None:
    rows, rest = np.split(some(1300), [300])
    fitted = fit_regression(macro().choice_counts, rows, macro_accuracy(rows))
    predicted, known = fitted.predict(rest), macro_accuracy(rest)
    assert fitted.networks == 300
    assert kendalltau(predicted, known).statistic > 0.85
    # What cross-validation says is what unseen networks show.
    stated = fitted.errors[fitted.kind]
    assert stated.mean_error == pytest.approx(np.abs(predicted - known).mean(), rel=0.35)
    assert stated.tau == max(error.tau for error in fitted.errors.values())
    assert stated.mean_error < fitted.errors[ADDITIVE].mean_error


def test_what_is_additive_is_fitted_additively() -> None:
    rows = some(100)
    values = 60 + rows @ np.arange(1.0, 9.0)
    fitted = fit_regression(macro().choice_counts, rows, values)
    assert fitted.kind == ADDITIVE
    assert fitted.predict(rows) == pytest.approx(values, abs=0.1)


def test_equal_accuracies_are_no_reason_to_fail() -> None:
    rows = some(10)
    fitted = fit_regression(macro().choice_counts, rows, np.full(10, 90.0))
    assert fitted.predict(rows) == pytest.approx(np.full(10, 90.0))
    assert {error.tau for error in fitted.errors.values()} == {0.0}


def test_nine_networks_are_too_few() -> None:
    rows = some(9)
    with pytest.raises(AccuracyError, match="needs 10 networks of known accuracy or more, not 9"):
        fit_regression(macro().choice_counts, rows, macro_accuracy(rows))


def test_what_no_other_network_tells_is_not_predicted_out_of_fold() -> None:
    rows = some(24)
    noise = np.random.default_rng(0).normal(90, 1, 24)
    predicted = out_of_fold(macro().choice_counts, rows, noise)
    assert abs(kendalltau(predicted, noise).statistic) < 0.25
    # Those that it was fitted to it remembers.
    seen = fit_regression(macro().choice_counts, rows, noise).predict(rows)
    assert kendalltau(seen, noise).statistic > 0.5


def test_networks_of_other_parts_are_needed() -> None:
    rows = some(12)
    with pytest.raises(AccuracyError, match="need 13 networks of known accuracy or more, not 12"):
        out_of_fold(macro().choice_counts, rows, macro_accuracy(rows))


def test_what_follows_the_costs_is_fitted_with_them() -> None:
    costs, rows, rest = SpaceCosts(macro()), some(60), some(500, seed=1)

    def known(architectures: np.ndarray) -> np.ndarray:
        macs, size = np.log(costs(architectures)).T
        return 3 * macs - 0.4 * (macs - 18) ** 2 + size + 0.05 * architectures[:, 0]

    fitted = fit_regression(macro().choice_counts, rows, known(rows), Features(costs))
    assert fitted.kind == ADDITIVE + WITH_COSTS
    assert kendalltau(fitted.predict(rest), known(rest)).statistic > 0.99
    without = fit_regression(macro().choice_counts, rows, known(rows))
    assert kendalltau(without.predict(rest), known(rest)).statistic < 0.97
    assert list(fitted.errors) == [
        "additive",
        "additive and costs",
        "neighbours",
        "neighbours and costs",
        "trees and costs",
    ]


def test_networks_of_equal_costs_are_fitted_all_the_same() -> None:
    rows = some(30)
    costs = Features(lambda some: np.ones((len(some), 2)))
    fitted = fit_regression(macro().choice_counts, rows, macro_accuracy(rows), costs)
    assert np.isfinite(fitted.predict(rows)).all()
