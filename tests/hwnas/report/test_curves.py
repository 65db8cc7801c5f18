from pathlib import Path

import pytest

from hwnas.report import curves
from hwnas.report.curves import drawn_curves
from hwnas.runs.tracking.tracker import Point
from hwnas.training.log import TrainingLog


def test_thousands_of_steps_are_thinned_to_hundreds_and_keep_the_last(tmp_path: Path) -> None:
    with TrainingLog(tmp_path, 0) as log:
        for step in range(1, 2001):
            log.write(step, {"loss": 1 / step})
    steps = [step for step, _ in drawn_curves(tmp_path).scalars["loss"]]
    assert len(steps) <= 501
    assert (steps[0], steps[-1]) == (1, 2000)


def test_the_time_of_a_training_is_without_its_interruptions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = [0.0, 1.0, 2.0, 3600.0, 3601.0]
    points = [Point("loss", step, 0.5, second) for step, second in enumerate(times)]
    monkeypatch.setattr("hwnas.runs.tracking.curves.read_curves", lambda _: points)
    assert drawn_curves(Path()).seconds == 3.0


def test_values_of_a_training_that_diverged_are_not_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = [1.0, float("inf"), float("nan")]
    points = [Point("loss", step, value, step) for step, value in enumerate(values)]
    monkeypatch.setattr("hwnas.runs.tracking.curves.read_curves", lambda _: points)
    assert drawn_curves(Path()).scalars == {"loss": [(0, 1.0)]}


def test_a_run_without_a_log_has_no_curves(tmp_path: Path) -> None:
    assert drawn_curves(tmp_path / "nowhere") == curves.Curves()
