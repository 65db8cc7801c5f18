"""What H, K, the defaults and the order do to LayerNAS, and a test of its Assumption 4.1.

    python -m benchmarks.layernas_ablation --data nas-bench-macro_cifar10.json --json

On NAS-Bench-Macro without noise, no limit, one sweep. Gaps are in points of accuracy to the
feasible optimum, over budgets at five quantiles of the MACs. The assumption: the best model of a
bucket extends one of the K best of some bucket one slot before. `broken` is the share of buckets
where it does not, looked at over all prefixes there are; `loss` how much worse, in points, the best
extension of a kept one is where that is so.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.macro_table import Macro
from hwnas.search.exact.completion import OPEN, Partials
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.buckets import bucket_of, rank_within
from hwnas.search.searchers.layernas import LayerNAS, LayerNASSettings
from hwnas.spaces.space import keys

BUDGETS = (0.1, 0.25, 0.5, 0.75, 1.0)
BUCKETS = (3, 10, 30, 100, 10_000)  # the last tells every cost apart
KEEPS = (1, 2, 3, 5, 10)


def main() -> None:
    """Prints the tables, and all figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="nas-bench-macro_cifar10.json")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    macro = Macro.load(options.data)
    grid = []
    for defaults in ("budget", "costliest"):
        for keep in KEEPS:
            for buckets in BUCKETS:
                settings = {"buckets": buckets, "keep": keep, "defaults": defaults, "sweeps": 1}
                grid.append(settings | _sweeps(macro, settings) | _assumption(macro, settings))
                print(_line(grid[-1]), flush=True)
    orders = []
    for order in ("forward", "backward", "costliest", "random"):
        settings = {"order": order, "sweeps": 1}
        orders.append(settings | _sweeps(macro, settings))
        print(_line(orders[-1]), flush=True)
    print(json.dumps({"grid": grid, "orders": orders}))


def _sweeps(macro: Macro, given: dict[str, Any]) -> dict[str, Any]:
    settings = LayerNASSettings.model_validate(given)
    gaps, evaluations = [], []
    for quantile in BUDGETS:
        problem = macro.problem(quantile)
        found = macro.searched(LayerNAS(problem, 100_000, 0, settings), macro.mean)
        best = macro.mean[problem.feasible(macro.rows)].max()
        gaps.append(float(best - macro.mean[macro.best(problem, found, macro.mean)]))
        evaluations.append(len(found))
    return {
        "gap_mean": round(float(np.mean(gaps)), 4),
        "gap_worst": round(max(gaps), 4),
        "evaluations": round(float(np.mean(evaluations))),
    }


def _assumption(macro: Macro, settings: dict[str, Any]) -> dict[str, Any]:
    losses: list[float] = []
    for quantile in BUDGETS:
        losses += _losses(macro, macro.problem(quantile), settings)
    broken = [loss for loss in losses if loss > 0]
    return {
        "broken": round(len(broken) / len(losses), 4),
        "loss": round(float(np.mean(broken)), 3) if broken else 0.0,
        "loss_worst": round(max(losses), 3),
    }


def _losses(macro: Macro, problem: SearchProblem, settings: dict[str, Any]) -> list[float]:
    """By how much the best extension of a kept prefix is worse, for every slot and bucket."""
    losses: list[float] = []
    kept: set[tuple[int, ...]] = set()
    for slot in range(problem.length):
        prefixes = np.unique(macro.rows[:, : slot + 1], axis=0)
        rows = np.full((len(prefixes), problem.length), OPEN)
        rows[:, : slot + 1] = prefixes
        partials = Partials(problem, rows[Partials(problem, rows).completable()])
        models = partials.filled(settings["defaults"] == "budget")
        scores = macro.mean[[macro.index[key] for key in keys(models)]]
        buckets = bucket_of(partials.least_costs, settings["buckets"])
        prefixes = partials.rows[:, : slot + 1]
        if slot:
            extends = np.array([key[:-1] in kept for key in keys(prefixes)], dtype=np.bool_)
            losses += _behind(buckets, scores, extends)
        order = np.lexsort((-scores, buckets))
        best = order[rank_within(buckets[order]) < settings["keep"]]
        kept = set(keys(prefixes[best]))
    return losses


def _behind(
    buckets: NDArray[np.int64], scores: NDArray[np.float64], extends: NDArray[np.bool_]
) -> list[float]:
    losses = []
    for bucket in np.unique(buckets):
        inside = buckets == bucket
        if (inside & extends).any():
            losses.append(float(scores[inside].max() - scores[inside & extends].max()))
    return losses


def _line(figures: dict[str, Any]) -> str:
    return " ".join(f"{key} {value}" for key, value in figures.items())


if __name__ == "__main__":
    main()
