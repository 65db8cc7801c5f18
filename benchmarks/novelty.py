"""What novelty as an objective does to pymoo's algorithms, on NAS-Bench-Macro.

    python -m benchmarks.novelty --data nas-bench-macro_cifar10.json --json

For each algorithm, limit and list of objectives, over the seeds: mean and standard deviation of the
mean accuracy of the best observed network (each seed fixes which of a network's three trainings is
observed), its median rank, and the mean distance of the networks that were evaluated from one
another (Jaccard's on slots and choices). `evolution` has the score for its only aim.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.macro_table import Macro
from hwnas.search.searchers import make_searcher
from hwnas.search.searchers.novelty import jaccard

OBJECTIVES = (("score", "cost"), ("score", "cost", "novelty"), ("score", "novelty"))
LIMITS = (100, 200)


def main() -> None:
    """Prints a table, and the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="nas-bench-macro_cifar10.json")
    parser.add_argument("--searchers", default="nsga2,nsga3,smsemoa")
    parser.add_argument("--limits", default=",".join(map(str, LIMITS)))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    macro = Macro.load(options.data)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    rows = []
    for limit in map(int, options.limits.split(",")):
        asked = [
            (name, {"objectives": own})
            for name in options.searchers.split(",")
            for own in OBJECTIVES
        ]
        for name, settings in (*asked, ("evolution", {})):
            rows.append(_figures(macro, name, limit, settings, seeds))
            print(" ".join(map(str, rows[-1].values())), flush=True)
    print(json.dumps({"seeds": [seeds.start, seeds.stop - 1], "rows": rows}))


def _figures(
    macro: Macro, name: str, limit: int, settings: dict[str, Any], seeds: range
) -> dict[str, Any]:
    problem, best, ranks, distances = macro.problem(None), [], [], []
    for seed in seeds:
        observed = macro.observed(seed)
        found = macro.searched(make_searcher(name, problem, limit, seed, settings), observed)
        place = macro.best(problem, found, observed)
        best.append(float(macro.mean[place]))
        ranks.append(macro.rank(problem, place))
        apart = jaccard(macro.rows[found], macro.rows[found])
        distances.append(float(apart.sum() / len(found) / (len(found) - 1)))
    return {
        "searcher": name,
        "objectives": "+".join(settings.get("objectives", ("score",))),
        "evaluations": limit,
        "accuracy": round(float(np.mean(best)), 3),
        "deviation": round(float(np.std(best, ddof=1)), 3),
        "rank": float(np.median(ranks)),
        "distance": round(float(np.mean(distances)), 4),
    }


if __name__ == "__main__":
    main()
