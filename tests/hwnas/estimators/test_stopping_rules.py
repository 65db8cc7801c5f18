"""What ends trainings early: curves that are predicted, and halving."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kendalltau

from hwnas.core.errors import ConfigError
from hwnas.estimators.candidates.curve_prediction import CurvePredictor, NetworkFeatures
from hwnas.estimators.candidates.halving import Halving, check_optuna
from hwnas.estimators.candidates.rules import ByCurve, make_rule
from hwnas.estimators.candidates.settings import StopSettings
from hwnas.search.outcome import Candidate, Finished, Stopping
from hwnas.spaces.space import Architectures
from hwnas.testing.estimators import small_space

SPACE = small_space()
FEATURES = NetworkFeatures(SPACE)
EPOCHS = 8


def made_up(count: int, seed: int) -> tuple[Architectures, np.ndarray]:
    """(N, L) networks and (N, E) curves: better with more MACs, at a rate and with noise."""
    generator = np.random.default_rng(seed)
    rows = SPACE.sample(generator, count)
    macs = FEATURES(rows)[:, :1]
    final = 60 + 8 * (macs - macs.mean()) + generator.normal(0, 3, (count, 1))
    left = np.exp(-np.arange(EPOCHS) / 2.5) - np.exp(-(EPOCHS - 1) / 2.5)
    return rows, final - 35 * left + generator.normal(0, 0.5, (count, EPOCHS))


ROWS, CURVES = made_up(40, 0)
FINISHED = [
    Finished(row, float(number), tuple(curve))
    for number, (row, curve) in enumerate(zip(ROWS, CURVES.tolist(), strict=True))
]


def made(settings: StopSettings) -> Stopping:
    """The rule that follows from the trainings that have ended."""
    rule = make_rule(settings, FEATURES, FINISHED, [])
    assert rule is not None
    return rule


@pytest.fixture(scope="module")
def predictor() -> CurvePredictor:
    """From two epochs on."""
    return CurvePredictor(FEATURES, ROWS, CURVES, first=2)


@pytest.fixture(scope="module")
def of_all() -> ByCurve:
    """Against the best of all networks."""
    rule = made(StopSettings(rule="curve", against="all"))
    assert isinstance(rule, ByCurve)
    return rule


def test_last_accuracies_are_predicted_from_a_quarter_of_the_epochs(
    predictor: CurvePredictor,
) -> None:
    rows, curves = made_up(60, 1)
    found = [predictor.predict(*one) for one in zip(rows, curves[:, :2].tolist(), strict=True)]
    predicted = np.array([one.accuracy for one in found if one is not None])
    assert kendalltau(predicted, curves[:, -1]).statistic > 0.7
    errors = predicted - curves[:, -1]
    deviations = [one.deviation for one in found if one is not None]
    assert np.mean(deviations) == pytest.approx(float(np.sqrt(np.mean(errors**2))), rel=0.4)


def test_nothing_is_predicted_before_the_first_epoch_that_was_asked_for(
    predictor: CurvePredictor,
) -> None:
    assert predictor.predict(ROWS[0], CURVES[0, :1].tolist()) is None


def test_a_training_of_many_epochs_has_some_regressions() -> None:
    long = np.repeat(CURVES[:15], 4, axis=1)
    predictor = CurvePredictor(FEATURES, ROWS[:15], long, first=20)
    for epochs in (20, 23, 31):
        found = predictor.predict(ROWS[0], long[0, :epochs].tolist())
        assert found is not None
        assert found.accuracy == pytest.approx(CURVES[0, -1], abs=8)


def test_by_its_curve_a_training_ends_where_it_hardly_beats_one_of_no_greater_cost(
    of_all: ByCurve,
) -> None:
    rule = replace(of_all, of_all=False)
    best = int(np.argmax(CURVES[:, -1]))
    low = CURVES[int(np.argmin(CURVES[:, -1])), :4].tolist()
    stopped = rule(Candidate(ROWS[0], float(best)), low)
    assert stopped is not None
    assert stopped.score is not None
    assert stopped.score < CURVES[best, -1]
    assert stopped.deviation
    assert rule(Candidate(ROWS[0], -1.0), low) is None  # nothing costs as little
    assert of_all.of_all
    assert of_all(Candidate(ROWS[0], -1.0), low) is not None
    assert rule(Candidate(ROWS[best], 40.0), CURVES[best, :4].tolist()) is None


def test_the_greater_the_chance_the_more_trainings_end(of_all: ByCurve) -> None:
    rows, curves = made_up(30, 2)
    ended = []
    for chance in (0.001, 0.1, 0.9):
        rule = replace(of_all, chance=chance)
        some = zip(rows, curves[:, :3].tolist(), strict=True)
        ended.append(sum(rule(Candidate(row, 50.0), curve) is not None for row, curve in some))
    assert ended[0] < ended[1] < ended[2]


def test_no_training_ends_early_while_few_have_ended() -> None:
    settings = StopSettings(rule="curve", after=20)
    assert make_rule(settings, FEATURES, FINISHED[:19], [[1.0, 2.0]] * 30) is None
    assert make_rule(None, FEATURES, FINISHED, []) is None


def test_by_halving_about_one_of_three_goes_on_after_each_third_of_the_way() -> None:
    halving = Halving(CURVES.tolist(), first=2, reduction=3)
    _, curves = made_up(200, 3)
    for epochs in (2, 6):
        stays = [not halving.stops(curve) for curve in curves[:60, :epochs].tolist()]
        assert 0.2 < np.mean(stays) < 0.5
    for epochs in (1, 3):
        assert not any(halving.stops(curve) for curve in curves[:20, :epochs].tolist())


def test_a_halved_training_is_told_by_its_predicted_accuracy() -> None:
    rule = made(StopSettings(rule="halving"))
    worst = int(np.argmin(CURVES[:, -1]))
    found = rule(Candidate(ROWS[worst], 0.0), CURVES[worst, :1].tolist())
    assert found is not None
    assert found.score == pytest.approx(CURVES[worst, -1], abs=6)
    assert found.deviation


def test_trainings_that_were_stopped_count_where_the_best_go_on() -> None:
    middle = float(np.median(CURVES[:, 1]))
    curve = [middle - 1, middle]
    assert Halving(CURVES.tolist(), 2, 3).stops(curve)
    low = [[1.0, 2.0]] * 80
    assert not Halving([*CURVES.tolist(), *low], 2, 3).stops(curve)


def test_asking_a_rule_changes_nothing_of_it() -> None:
    halving = Halving(CURVES[:12].tolist(), first=2, reduction=3)
    curves = made_up(12, 4)[1][:, :2].tolist()
    first = [halving.stops(curve) for curve in curves]
    assert [halving.stops(curve) for curve in curves[::-1]] == first[::-1]


def test_halving_without_optuna_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    check_optuna()
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"pip install 'hwnas\[early-stopping\]'"):
        check_optuna()
