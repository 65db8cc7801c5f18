"""Shrinkers on NAS-Bench-Macro, with accuracies of single trainings.

    python -m benchmarks.shrinking --data nas-bench-macro_cifar10.json --json

Each seed fixes for every network which of its three trainings is observed. Of the networks within a
budget, in the mean over seeds: which share is left, which share of the true top 1 % of them, by
mean accuracy, is among those; enrichment is the second over the first; networks judged. `worst`
is the baseline: the choice of the least mean of every slot goes at once, by as many random
networks.
"""

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.macro_table import Macro
from hwnas.runs.defaults import SHRUNK_KEEP, SHRUNK_NETWORKS, SHRUNK_STAGES
from hwnas.search.exact.sampling import sample_feasible
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.problem import SearchProblem
from hwnas.search.shrinkers import SHRINKERS
from hwnas.search.shrinkers.plan import ShrinkPlan
from hwnas.search.shrinkers.shrinking import shrink
from hwnas.spaces import Architectures
from hwnas.spaces.space import keys

BUDGETS: dict[str, float | None] = {"none": None, "50": 0.5, "25": 0.25}
WORST = "worst"


def main() -> None:
    """Prints a table, and the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="nas-bench-macro_cifar10.json")
    parser.add_argument("--names", default=",".join((*SHRINKERS.ours, WORST)))
    parser.add_argument("--stages", type=int, default=SHRUNK_STAGES)
    parser.add_argument("--networks", type=int, default=SHRUNK_NETWORKS, help="in each stage")
    parser.add_argument("--keep", type=float, default=SHRUNK_KEEP)
    parser.add_argument("--seeds", type=int, default=20)
    # Constants were settled with seeds 0 to 9.
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--settings", default="{}", help="of all the methods, as JSON")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    macro = Macro.load(options.data)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    result: dict[str, Any] = {
        "seeds": [seeds.start, seeds.stop - 1],
        "stages": options.stages,
        "networks": options.networks,
        "keep": options.keep,
    }
    print(f"{'method':8} budget   left  top kept (sd)  enrichment  judged")
    for name in options.names.split(","):
        result[name] = {}
        for budget, quantile in BUDGETS.items():
            problem = macro.problem(quantile)
            figures = np.array([_shrunk(macro, problem, name, seed, options) for seed in seeds])
            left, top, judged = figures.mean(axis=0).tolist()
            result[name][budget] = {
                "share_left": round(left, 4),
                "share_left_most": round(float(figures[:, 0].max()), 4),
                "top_kept": round(top, 4),
                "top_kept_sd": round(float(figures[:, 1].std()), 4),
                "top_kept_least": round(float(figures[:, 1].min()), 4),
                "enrichment": round(top / left, 2),
                "judged": round(judged, 1),
            }
            print(
                f"{name:8} {budget:>6} {left:6.1%} {top:8.1%} ({figures[:, 1].std():.1%}) "
                f"{top / left:10.1f} {judged:8.0f}",
                flush=True,
            )
    print(json.dumps(result))


def _shrunk(
    macro: Macro, problem: SearchProblem, name: str, seed: int, options: argparse.Namespace
) -> tuple[float, float, int]:
    """The share of all feasible networks that is left, that of the top ones, networks judged."""
    observed = macro.observed(seed)
    score = partial(_scores, macro, observed)
    if name == WORST:
        kept, judged = _worst(problem, score, seed, options.stages * options.networks)
    else:
        settings = json.loads(options.settings)
        plan = ShrinkPlan(name, options.stages, options.networks, options.keep, seed, settings)
        found = shrink(problem, lambda _, rows: score(rows), plan)
        kept, judged = [list(one) for one in found.kept], found.judged
    left, top = macro.kept(kept, np.flatnonzero(problem.feasible(macro.rows)))
    return left, top, judged


def _scores(
    macro: Macro, observed: NDArray[np.float64], rows: Architectures
) -> NDArray[np.float64]:
    return observed[[macro.index[key] for key in keys(rows)]]


def _worst(
    problem: SearchProblem, score: Any, seed: int, networks: int
) -> tuple[list[list[int]], int]:
    """Every slot without the choice of the least mean."""
    rows = sample_feasible(problem, np.random.default_rng(seed), networks)
    choices, scores = FlatChoices(problem.space.choice_counts), score(rows)
    counts = choices.sums(rows, np.ones(len(rows)))
    means = np.where(counts > 0, choices.sums(rows, scores) / np.maximum(counts, 1), -np.inf)
    kept = [
        np.delete(np.arange(len(part)), part.argmin()).tolist() for part in choices.split(means)
    ]
    return kept, len(rows)


if __name__ == "__main__":
    main()
