r"""How good the network is that a search by a predictor finds, and how much of that is luck.

    python -m benchmarks.predictor_search --data nas-bench-macro_cifar10.json --json
    python -m benchmarks.predictor_search --data nas-bench-macro_cifar10.json --json \
        --taus 50 100 200 400 --seeds 10

A predictor is fitted to networks of NAS-Bench-Macro and searched within budgets at quantiles of all
networks' MACs, as `hwnas search` does it by default. A gap is how much better the best network
within the budget is than the one found, by the very same predictor, which is asked for every
network. Each form of the predictor is searched, whichever cross-validation chooses. The space is
small enough for the search to score it all; `worst_gap_climbed` is what is missed without that, as
in large spaces. `curse_error` is how far the corrected accuracy of the networks found is from the
true one, in points, on average; `uncorrected_error` is that of the accuracy that was predicted.

With `--taus` nothing is searched: the forms rank networks that they have not seen, of this space
and of once-for-all's (see `benchmarks.predictor_taus`); `tau_without` is that of the choice between
all forms but those of `--without`.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.macro_table import Macro
from benchmarks.predictor_taus import ranked
from hwnas.estimators.predictor import SpacePredictor
from hwnas.estimators.space_features import SpaceCosts, space_features
from hwnas.objectives.statistics.gaussian import GaussianProcess
from hwnas.objectives.statistics.regression import every_form, fit_regression
from hwnas.search.exact.climbed import climbed_front
from hwnas.search.problem import SearchProblem

QUANTILES = (0.1, 0.25, 0.5, 0.75, 1.0)
WITHOUT = ("slots", "slots and costs")


def main() -> None:
    """Prints what was found, and the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="nas-bench-macro_cifar10.json")
    parser.add_argument("--networks", type=int, default=200, help="that predictors are fitted to")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--single", action="store_true", help="know one training of each network")
    parser.add_argument("--taus", type=int, nargs="+", help="rank, by as many known networks")
    parser.add_argument("--without", nargs="+", default=WITHOUT, help="forms of no other choice")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    macro = Macro.load(options.data)
    if options.taus:
        lines = []
        for line in ranked(macro, options.taus, options.seeds, options.without):
            lines.append(line)
            print(json.dumps(line), file=sys.stderr)
        print(json.dumps({"seeds": options.seeds, "without": options.without, "taus": lines}))
        return
    found = [
        one
        for seed in range(options.seeds)
        for one in _searches(macro, options.networks, seed, options.single)
    ]
    print(json.dumps(_figures(found)))


def _searches(macro: Macro, networks: int, seed: int, single: bool) -> Iterator[dict[str, Any]]:
    """What each form of a predictor finds within each budget."""
    drawn = np.random.default_rng(seed).choice(len(macro.rows), networks, replace=False)
    rows, known = macro.rows[drawn], (macro.observed(seed) if single else macro.mean)[drawn]
    costs = SpaceCosts(macro.space)
    start = time.perf_counter()
    features = space_features(macro.space, costs)
    chosen = fit_regression(macro.space.choice_counts, rows, known, features)
    fitted = time.perf_counter() - start
    start = time.perf_counter()
    second = GaussianProcess.fitted(rows, known, costs)
    corrected = time.perf_counter() - start
    print(f"seed {seed}: {chosen.kind}, fitted in {fitted:.1f} s", file=sys.stderr)
    for form in every_form(chosen, rows, known):
        predictor = SpacePredictor(macro.space, form, costs)
        every = predictor.evaluate_architectures(macro.rows)
        for quantile in QUANTILES:
            problem = macro.problem(quantile)
            one = _search(macro, predictor, problem, every)
            place = one.pop("place")
            yield {
                **one,
                "form": form.kind,
                "chosen": form.kind == chosen.kind,
                "seed": seed,
                "quantile": quantile,
                "predicted": float(every[place]),
                "corrected": float(second.predict(macro.rows[[place]])[0]),
                "true": float(macro.mean[place]),
                "fit_seconds": fitted,
                "correction_seconds": corrected,
            }


def _search(
    macro: Macro, predictor: SpacePredictor, problem: SearchProblem, every: NDArray[np.float64]
) -> dict[str, Any]:
    start = time.perf_counter()
    best = predictor.known.front(problem, np.random.default_rng(0)).front.architectures[-1]
    seconds = time.perf_counter() - start
    place = macro.index[tuple(best.tolist())]
    most = float(every[problem.feasible(macro.rows)].max())
    result = {"place": place, "seconds": seconds, "gap": most - float(every[place])}
    if not predictor.regression.is_sum:
        front = climbed_front(predictor.nearly_sum, problem, np.random.default_rng(0)).front
        result["gap_climbed"] = most - float(front.scores[-1])
    return result


def _figures(found: list[dict[str, Any]]) -> dict[str, Any]:
    chosen = [one for one in found if one["chosen"]]
    sums = [one for one in found if "gap_climbed" not in one]
    others = [one for one in found if "gap_climbed" in one]

    def off(ones: list[dict[str, Any]], what: str) -> float:
        return round(float(np.mean([abs(one[what] - one["true"]) for one in ones])), 4)

    forms = dict.fromkeys(one["form"] for one in found)
    return {
        "worst_gap": round(max(one["gap"] for one in found), 6),
        "worst_gap_of_sums": round(max(one["gap"] for one in sums), 6),
        "worst_gap_climbed": round(max(one["gap_climbed"] for one in others), 6),
        "seconds": round(max(one["seconds"] for one in found), 3),
        "fit_seconds": round(float(np.median([one["fit_seconds"] for one in found])), 2),
        "correction_seconds": round(
            float(np.median([one["correction_seconds"] for one in found])), 2
        ),
        "curse_error": off(chosen, "corrected"),
        "uncorrected_error": off(chosen, "predicted"),
        "mean_optimism": round(
            float(np.mean([one["predicted"] - one["true"] for one in chosen])), 4
        ),
        "chosen": {
            name: sum(one["form"] == name for one in chosen) // len(QUANTILES) for name in forms
        },
        "curse_error_by_form": {
            name: {
                what: off([one for one in found if one["form"] == name], what)
                for what in ("corrected", "predicted")
            }
            for name in forms
        },
        "searches": len(found),
    }


if __name__ == "__main__":
    main()
