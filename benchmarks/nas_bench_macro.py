"""Every searcher on NAS-Bench-Macro, with accuracies of single trainings.

    python -m benchmarks.nas_bench_macro --data nas-bench-macro_cifar10.json --json

Each seed fixes for every network which of its three trainings is observed. Judged is the best
observed network by its rank among the feasible ones by mean accuracy, and the observed front by its
hypervolume with mean accuracies. `oracle` has seen every network, through the same noise.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.macro_table import Macro
from hwnas.search.searchers import make_searcher

SEARCHERS = (
    "surrogate",
    "layernas",
    "two_stage",
    "nsga2",
    "smsemoa",
    "nsga3",
    "evolution",
    "l2nas",
    "annealing",
    "local",
    "random",
)
LIMITS = (50, 100, 200, 400)
BUDGETS = {"25": 0.25, "50": 0.5, "100": 1.0}
FIVE = (0.1, 0.25, 0.5, 0.75, 1.0)


def main() -> None:
    """Prints a table, and the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="nas-bench-macro_cifar10.json")
    parser.add_argument("--searchers", default=",".join(SEARCHERS))
    parser.add_argument("--limits", default=",".join(map(str, LIMITS)))
    parser.add_argument("--seeds", type=int, default=100, help="a multiple of 20")
    # Settings were chosen with seeds 0 to 19.
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--settings", default="{}", help="of all the searchers, as JSON")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    macro = Macro.load(options.data)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    names = options.searchers.split(",")
    limits = [int(limit) for limit in options.limits.split(",")]
    settings = json.loads(options.settings)
    print("median rank / worst of every 20 seeds; median hypervolume ratio / worst of all")
    table: dict[str, Any] = {"oracle": _oracle(macro, seeds)}
    _show("oracle", "all", table["oracle"])
    for name in names:
        table[name] = {}
        for limit in limits:
            table[name][limit] = _figures(macro, name, limit, seeds, settings=settings)
            _show(name, str(limit), table[name][limit])
    result = {
        "seeds": [seeds.start, seeds.stop - 1],
        "layernas_h30_k3": _five_budgets(macro),
        "layernas_hypervolume_250": _figures(macro, "layernas", 250, seeds, ()),
        "table": table,
    }
    print(json.dumps(result))


def _five_budgets(macro: Macro) -> dict[str, Any]:
    """The sweep of 30 buckets of 3 without noise: gaps to the optimum in points, evaluations."""
    gaps, evaluations = [], []
    for quantile in FIVE:
        problem = macro.problem(quantile)
        searcher = make_searcher("layernas", problem, 700, 0, {"buckets": 30, "keep": 3})
        found = macro.searched(searcher, macro.mean)
        best = macro.mean[problem.feasible(macro.rows)].max()
        gaps.append(round(float(best - macro.mean[macro.best(problem, found, macro.mean)]), 4))
        evaluations.append(len(found))
    return {"budgets": FIVE, "gaps": gaps, "evaluations": evaluations}


def _figures(
    macro: Macro,
    name: str,
    limit: int,
    seeds: range,
    budgets: tuple[str, ...] = tuple(BUDGETS),
    settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for budget in budgets:
        problem = macro.problem(BUDGETS[budget])
        ranks = []
        for seed in seeds:
            observed = macro.observed(seed)
            found = macro.searched(make_searcher(name, problem, limit, seed, settings), observed)
            ranks.append(macro.rank(problem, macro.best(problem, found, observed)))
        figures[f"rank_{budget}"] = _ranks(ranks)
    noisy: list[float] = []
    clean: list[float] = []
    for seed in seeds:
        for scores, shares in ((macro.observed(seed), noisy), (macro.mean, clean)):
            searcher = make_searcher(name, macro.problem(None), limit, seed, settings)
            shares.append(macro.hypervolume(macro.searched(searcher, scores), scores))
    figures["hypervolume"] = [round(float(np.median(noisy)), 4), round(min(noisy), 4)]
    figures["noise_free_hypervolume"] = [round(float(np.median(clean)), 4), round(min(clean), 4)]
    return figures


def _oracle(macro: Macro, seeds: range) -> dict[str, Any]:
    every = np.arange(len(macro.rows))
    figures: dict[str, Any] = {}
    for budget, quantile in BUDGETS.items():
        problem = macro.problem(quantile)
        observed = [macro.observed(seed) for seed in seeds]
        ranks = [macro.rank(problem, macro.best(problem, every, scores)) for scores in observed]
        figures[f"rank_{budget}"] = _ranks(ranks)
    shares = [macro.hypervolume(every, macro.observed(seed)) for seed in seeds]
    figures["hypervolume"] = [round(float(np.median(shares)), 4), round(min(shares), 4)]
    figures["noise_free_hypervolume"] = [1.0, 1.0]
    return figures


def _ranks(ranks: list[int]) -> list[Any]:
    """The median, and the worst of every twenty seeds."""
    groups = np.array_split(np.array(ranks), max(1, len(ranks) // 20))
    return [float(np.median(ranks)), *(int(group.max()) for group in groups)]


def _show(name: str, limit: str, figures: dict[str, Any]) -> None:
    cells = " ".join(
        f"{key} {'/'.join(f'{v:g}' for v in values)}" for key, values in figures.items()
    )
    print(f"{name:10} {limit:>4}  {cells}", flush=True)


if __name__ == "__main__":
    main()
