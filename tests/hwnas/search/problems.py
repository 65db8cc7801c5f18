"""Small spaces, synthetic scores and brute force that the tests of searchers share."""

import functools
import json

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces import Architectures
from hwnas.testing.search_problems import (
    SyntheticScore,
    WidthSpace,
    every_architecture,
    family_problem,
    large_problem,
    macro,
    macro_problem,
    small_space,
    synthetic_score,
    tiny_problem,
    widths_problem,
)
from tests.shared_data import shared_data

__all__ = [
    "SyntheticScore",
    "WidthSpace",
    "every_architecture",
    "every_front_point",
    "family_problem",
    "large_problem",
    "macro",
    "macro_accuracy",
    "macro_problem",
    "macro_table",
    "macro_trainings",
    "small_space",
    "synthetic_score",
    "tiny_problem",
    "widths_problem",
]


@functools.cache
def macro_table() -> dict[str, dict[str, object]]:
    table: dict[str, dict[str, object]] = json.loads(
        shared_data("nas-bench-macro_cifar10.json").read_text()
    )
    return table


def macro_accuracy(architectures: Architectures) -> NDArray[np.float64]:
    """The published mean accuracy in per cent."""
    table = macro_table()
    return np.array([table["".join(map(str, row))]["mean_acc"] for row in architectures])


def macro_trainings(architectures: Architectures) -> NDArray[np.float64]:
    """(N, 3) the published accuracies of three trainings in per cent."""
    table = macro_table()
    return np.array([table["".join(map(str, row))]["test_acc"] for row in architectures])


def every_front_point(
    costs: NDArray[np.float64], scores: NDArray[np.float64]
) -> list[tuple[float, float]]:
    """The non-dominated (cost, score) pairs, sorted, by comparing each with each."""
    pairs = set(zip(costs.tolist(), scores.tolist(), strict=True))
    return sorted(
        (c, s)
        for c, s in pairs
        if not any(a <= c and b >= s and (a, b) != (c, s) for a, b in pairs)
    )
