import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.search.searchers.interactions import ADDITIVE, Interactions
from hwnas.search.searchers.surrogate_model import fit_additive
from tests.hwnas.search.problems import every_architecture, macro

EVERY = every_architecture(macro())
DRAWN = np.random.default_rng(0).permutation(len(EVERY))
KNOWN, UNSEEN = EVERY[DRAWN[:100]], EVERY[DRAWN[100:400]]


def additive(rows: NDArray[np.int64]) -> NDArray[np.float64]:
    return rows @ np.arange(1.0, 9.0)


def interacting(rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Equal choices of slots far apart count."""
    far = (rows[:, 0] == rows[:, 5]) * 4.0 + (rows[:, 1] == rows[:, 7]) * 4.0
    return far + rows[:, 2] + 0.5 * rows[:, 4]


def test_a_sum_is_taken_for_one_and_foretold() -> None:
    model = Interactions(macro(), KNOWN, additive(KNOWN))
    assert model.form.name == ADDITIVE
    assert model.told > 0.99
    assert model.mean(UNSEEN) == pytest.approx(additive(UNSEEN), abs=0.5)


def test_the_sums_of_an_additive_form_are_all_of_it() -> None:
    model = Interactions(macro(), KNOWN, additive(KNOWN))
    assert model.sums is not None
    assert model.sums.evaluate(UNSEEN) == pytest.approx(model.mean(UNSEEN))


def test_pairs_at_a_distance_are_foretold_better_than_by_a_sum() -> None:
    model, truth = Interactions(macro(), KNOWN, interacting(KNOWN)), interacting(UNSEEN)
    assert model.form.name != ADDITIVE
    sums = fit_additive(macro(), KNOWN, interacting(KNOWN)).evaluate(UNSEEN)
    assert np.std(model.mean(UNSEEN) - truth) < 0.7 * np.std(sums - truth)


def test_what_is_told_of_others_by_chance_is_next_to_nothing() -> None:
    chance = np.random.default_rng(1).standard_normal(len(KNOWN))
    assert Interactions(macro(), KNOWN, chance).told < 0.15


def test_it_is_surer_of_what_it_was_told_and_of_what_is_near() -> None:
    model = Interactions(macro(), KNOWN, interacting(KNOWN))
    told, unseen = model.expected(KNOWN)[1], model.expected(UNSEEN)[1]
    assert told.mean() < unseen.mean()
    assert np.sqrt(np.diag(model.covariance(UNSEEN))) == pytest.approx(unseen)


def test_equal_scores_are_no_reason_to_fail() -> None:
    model = Interactions(macro(), KNOWN, np.full(len(KNOWN), 7.0))
    mean, deviation = model.expected(UNSEEN)
    assert mean == pytest.approx(7.0)
    assert np.isfinite(deviation).all()


@pytest.mark.parametrize("count", [2, 3, 5])
def test_hardly_any_scores_still_give_a_model(count: int) -> None:
    model = Interactions(macro(), KNOWN[:count], additive(KNOWN[:count]))
    assert np.isfinite(model.expected(UNSEEN)).all()
