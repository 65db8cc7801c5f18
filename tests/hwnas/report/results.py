"""Results of searches without a run: NAS-Bench-Macro's MACs and a synthetic score."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from hwnas.data import Balance
from hwnas.estimators.supernet.estimator import SupernetEstimator
from hwnas.runs.searching import RunSearch
from hwnas.runs.summary_form import Summary
from tests.hwnas.search.problems import every_architecture, macro, macro_problem, synthetic_score


def result_of(
    asked: dict[str, list[int]], *, quantile: float | None = None, shift: float = 0.0
) -> RunSearch:
    """What searchers find who ask for the networks of these numbers, in % above `shift`."""
    problem, every = macro_problem(quantile), every_architecture(macro())
    numbers = sorted({number for some in asked.values() for number in some})
    rows = every[numbers]
    masks = {name: np.isin(numbers, some) for name, some in asked.items()}
    scores = np.asarray(synthetic_score(rows) + shift)
    every = np.ones(len(rows), dtype=np.bool_)
    (on_front,) = problem.on_fronts(rows, scores, [every])
    info = SupernetEstimator().info()
    return RunSearch(problem, rows, scores, on_front, masks, info, "digest")


FIGURES: dict[str, Any] = {
    "predicted_ms": None,
    "measured_ms": None,
    "accuracy": 90.0,
    "accuracy_interval": (80.0, 95.0),
    "macs": 1,
    "parameters": 1,
    "weights_from": "scratch",
}
"""Of a network of which little is known."""


def summary_of(
    winner: Mapping[str, Any] | None = None,
    reference: Mapping[str, Any] | None = None,
    **changed: Any,
) -> Summary:
    """A summary of little, some figures replaced; without a reference where none are given."""
    content: dict[str, Any] = {
        "budget_ms": None,
        "budgets": {},
        "winner": FIGURES | dict(winner or {}),
        "reference": None
        if reference is None
        else FIGURES | {"name": "v3", "library": "torchvision"} | dict(reference),
        "onnx_max_abs_diff": 1e-6,
        "front_digest": "d",
        "device": "cpu",
        "precision": "fp32",
        "space": "tiny",
        "resolution": 16,
        "images": "digits",
        "train_images": 30,
        "validation_images": 12,
        "test_images": 12,
        "skipped_images": 0,
        "balance": Balance(10, "1", 6, "2", 5, 1.2, (), 12.5),
        "model": "m",
        "seconds": 1.0,
    }
    return Summary(**content | changed)
