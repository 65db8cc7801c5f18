import numpy as np
import pytest

from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.trellis import Trellis
from tests.hwnas.search.problems import every_architecture, macro, macro_accuracy


def test_an_additive_score_is_recovered() -> None:
    generator = np.random.default_rng(0)
    values = [generator.random(count) for count in macro().choice_counts]
    truth = Trellis.from_values(macro(), "truth", "", 3.0, values)
    rows = every_architecture(macro())
    drawn = generator.choice(len(rows), 200, replace=False)
    fitted = fit_additive(macro(), rows[drawn], truth.evaluate(rows[drawn]))
    assert fitted.evaluate(rows) == pytest.approx(truth.evaluate(rows), abs=0.01)


def test_published_accuracies_are_ranked_from_100_networks() -> None:
    rows = every_architecture(macro())
    drawn = np.random.default_rng(0).choice(len(rows), 100, replace=False)
    fitted = fit_additive(macro(), rows[drawn], macro_accuracy(rows[drawn]))
    ranks = np.argsort(np.argsort(fitted.evaluate(rows)))
    truth = np.argsort(np.argsort(macro_accuracy(rows)))
    assert np.corrcoef(ranks, truth)[0, 1] > 0.9


@pytest.mark.parametrize("count", [1, 2, 3])
def test_hardly_any_evaluations_still_give_a_surrogate(count: int) -> None:
    rows = every_architecture(macro())[:count]
    scores = np.arange(count, dtype=np.float64)
    assert np.isfinite(fit_additive(macro(), rows, scores).evaluate(rows)).all()


def test_equal_scores_give_equal_predictions() -> None:
    rows = every_architecture(macro())[:30]
    fitted = fit_additive(macro(), rows, np.full(30, 7.0))
    assert fitted.evaluate(rows) == pytest.approx(np.full(30, 7.0))
