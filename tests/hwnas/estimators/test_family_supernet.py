"""The supernet as an estimator of several resolutions and widths together."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from hwnas.core.errors import RunError
from hwnas.data import load_dataset
from hwnas.estimators import SUPERNET, find_estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet import plan as planning
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.estimators.supernet.training import load_supernet
from hwnas.training.steps import Steps
from hwnas.training.train_config import TrainSettings
from tests.hwnas.supernet.families import tiny_family
from tests.hwnas.training.test_log import shown


def inputs(folder: Path, limit: int = 60) -> EstimatorInputs:
    """Digits at both resolutions."""
    return EstimatorInputs(
        tiny_family(folder),
        images=lambda: load_dataset("digits", resolution=12, limit=limit),
        images_at=lambda resolution: load_dataset("digits", resolution=resolution, limit=limit),
        weights=folder / "supernet.safetensors",
        training=TrainSettings(epochs=1, batch_size=20, rule="sandwich", random_paths=1),
        log=folder / "log",
    )


def test_a_supernet_of_a_family_scores_every_network_at_its_own_resolution(tmp_path: Path) -> None:
    given, estimator = inputs(tmp_path), find_estimator(SUPERNET)
    report = estimator.train(given)
    assert report is not None
    assert report.steps == 2
    names = shown(tmp_path / "log").keys()
    for resolution in (8, 12):
        assert {f"accuracy/{size}_{resolution}px" for size in ("smallest", "largest")} <= names
    scores = estimator.scores(given)
    rows = given.space.sample(np.random.default_rng(0), 3)
    judge = SupernetAccuracy(load_supernet(given), [given.dataset_at(8), given.dataset_at(12)])
    assert (
        scores.evaluate_architectures(rows).tolist() == judge.evaluate_architectures(rows).tolist()
    )
    with pytest.raises(RunError, match="other images"):
        load_supernet(inputs(tmp_path, limit=50))


def test_the_time_of_a_step_is_the_mean_over_the_resolutions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = [0]

    class Clock(Steps):
        """Takes a second at 8 pixels and 5 at 12."""

        def run(self, step: int, inputs: Tensor, *others: Any, **named: Any) -> float:
            del step, others, named
            timed[0] += {8: 1, 12: 5}[inputs.shape[-1]]
            return 0.0

    monkeypatch.setattr(planning, "Steps", Clock)
    monkeypatch.setattr(planning.time, "perf_counter", lambda: timed[0])
    assert planning.plan(inputs(tmp_path)).endswith("2 steps in all: some 6 s here")
