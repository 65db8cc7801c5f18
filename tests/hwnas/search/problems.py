"""Small spaces, synthetic scores and brute force that the tests of searchers share."""

import functools
import itertools
import json

import numpy as np
from numpy.typing import NDArray

from hwnas.search import Budget, SearchProblem, Trellis
from hwnas.spaces import Architectures, SearchSpace, load_space
from hwnas.spaces.config import SpaceConfig, build_space
from objectives.costs import MACS
from tests.shared_data import shared_data


@functools.cache
def macro() -> SearchSpace:
    return load_space("nas_bench_macro")


def macro_problem(quantile: float | None = None) -> SearchProblem:
    """NAS-Bench-Macro against MACs, with a budget at a quantile of all its networks."""
    cost = Trellis.of(macro(), MACS)
    if quantile is None:
        return SearchProblem(macro(), cost)
    bound = float(np.quantile(cost.evaluate(every_architecture(macro())), quantile))
    return SearchProblem(macro(), cost, (Budget(cost, bound),))


@functools.cache
def macro_accuracies() -> dict[str, float]:
    table = json.loads(shared_data("nas-bench-macro_cifar10.json").read_text())
    return {key: entry["mean_acc"] for key, entry in table.items()}


def macro_accuracy(architectures: Architectures) -> NDArray[np.float64]:
    """The published mean accuracy in per cent."""
    table = macro_accuracies()
    return np.array([table["".join(map(str, row))] for row in architectures])


def synthetic_score(architectures: Architectures) -> NDArray[np.float64]:
    """More choice is better, with an interaction of neighbours that no additive model fits."""
    rows = np.asarray(architectures, dtype=np.float64)
    total = np.zeros(len(rows))
    # Column by column: the same bits for one architecture as for many.
    for slot, column in enumerate(rows.T):
        total += (1.0 + 0.1 * slot) * np.sqrt(column)
        if slot:
            total += 0.5 * np.sin(3.0 * column * rows[:, slot - 1])
    return total


def small_space(depths: tuple[tuple[int, int], ...], kernels: tuple[int, ...]) -> SearchSpace:
    """Stages of equal channels: those after the first block of a stage that can skip, may."""
    stage = {"channels": 8, "kernels": kernels, "expansions": [2], "activation": "relu"}
    config = SpaceConfig.model_validate(
        {
            "name": "small",
            "resolution": 8,
            "classes": 2,
            "stem": {"channels": 8, "activation": "relu"},
            # Alternating strides keep neighbouring stages apart: their slots are not one group.
            "stages": [
                {**stage, "depth": depth, "stride": 1 + index % 2}
                for index, depth in enumerate(depths)
            ],
            "head": {"features": 8, "activation": "relu"},
        }
    )
    return build_space(config, 8, 2)


def every_architecture(space: SearchSpace) -> Architectures:
    """(N, L) all canonical architectures, by brute force."""
    rows = np.array(list(itertools.product(*map(range, space.choice_counts.tolist()))))
    return np.unique(space.canonical(rows), axis=0)


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
