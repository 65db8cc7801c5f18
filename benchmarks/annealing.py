"""How near `annealing` and others come to the exact optimum of an additive score within a budget.

    OMP_NUM_THREADS=1 python -m benchmarks.annealing --json

The space is `mobilenet_v3_large`; accuracies and latencies are those that `benchmarks.exact_search`
makes up of its real blocks. `share` is what was found over the optimum, the worst of all seeds and
budgets; `span` is the same above the worst network of the space. Seconds are of the slowest search.
"""

import argparse
import json
import time
from typing import Any

import numpy as np

from benchmarks.exact_search import trellises
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.searchers import make_searcher
from hwnas.spaces import load_space

BUDGETS = (0.2, 0.4, 0.7)  # shares of the range of latencies
SEARCHERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("annealing", {}),
    ("annealing", {"accept": "stalls", "slots": 8}),
    ("evolution", {}),
    ("local", {}),
)


def main() -> None:
    """Prints a table, and the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--space", default="mobilenet_v3_large")
    parser.add_argument("--evaluations", type=int, default=5000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    space = load_space(options.space)
    found: list[dict[str, Any]] = []
    for name, settings in SEARCHERS:
        shares, spans, seconds = [], [], []
        for seed in range(options.seeds):
            score, (cost, *_) = trellises(space, seed)
            least, greatest = cost.range
            for budget in BUDGETS:
                limit = Limit(cost, least + budget * (greatest - least))
                problem = SearchProblem(space, cost, (limit,))
                optimum = float(score.evaluate(exact_best(score, problem)[None])[0])
                start = time.perf_counter()
                searcher = make_searcher(name, problem, options.evaluations, seed, settings)
                while len(rows := searcher.ask()):
                    searcher.tell(rows, score.evaluate(rows))
                seconds.append(time.perf_counter() - start)
                best, worst = max(searcher.scores.values()), score.range[0]
                shares.append(best / optimum)
                spans.append((best - worst) / (optimum - worst))
        found.append(
            {
                "searcher": name,
                **settings,
                "share": round(min(shares), 4),
                "span": round(min(spans), 4),
                "mean_span": round(float(np.mean(spans)), 4),
                "seconds": round(max(seconds), 1),
            }
        )
        print(" ".join(f"{key} {value}" for key, value in found[-1].items()), flush=True)
    print(json.dumps({"evaluations": options.evaluations, "searchers": found}))


if __name__ == "__main__":
    main()
