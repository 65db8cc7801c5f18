"""Policies as searchers on NAS-Bench-Macro, with accuracies of single trainings.

    python -m benchmarks.policies --data nas-bench-macro_cifar10.json --json

Each seed fixes for every network which of its three trainings is observed. Judged is the best
observed network by its rank among the feasible ones by mean accuracy. Then: how good the best
network by the values of each policy is, without a search at the end (`mdenas` as published, which
compares the last rewards of choices, cannot learn a table); tree search whose nodes share what they
know, and whose nodes do not; samples that `parsec` takes until its distribution has settled, with
as many every step and with ever fewer; and how many numbers its distribution has in a space of
MobileNetV3.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.macro_table import Macro
from hwnas.objectives.costs import MACS
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.policies import POLICIES, make_policy
from hwnas.search.policies.parsec import ImportanceSearch
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers import make_searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import load_space
from hwnas.spaces.config import SpaceConfig, build_space, read_space
from hwnas.spaces.space import keys

NAMES = ("mcts", "ddpnas", "parsec", "mdenas", "uniform", "random", "evolution", "surrogate")
LIMITS = (50, 100, 150)
BUDGETS: dict[str, float | None] = {"none": None, "50": 0.5, "25": 0.25}
# Of the entropy at first, what is left when a distribution has settled; and the most samples.
_SETTLED, _MOST = 0.1, 2000


def main() -> None:
    """Prints a table, and the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="nas-bench-macro_cifar10.json")
    parser.add_argument("--names", default=",".join(NAMES))
    parser.add_argument("--limits", default=",".join(map(str, LIMITS)))
    parser.add_argument("--seeds", type=int, default=20)
    # Constants were settled with seeds 0 to 9.
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--settings", default="{}", help="of all the searchers, as JSON")
    parser.add_argument("--parts", default="ranks,values,sharing,samples,parameters")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    macro, parts = Macro.load(options.data), options.parts.split(",")
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    result: dict[str, Any] = {"seeds": [seeds.start, seeds.stop - 1]}
    if "ranks" in parts:
        print("median rank, best networks within a budget at a share of all networks' MACs")
        settings = json.loads(options.settings)
        result["ranks"] = {
            name: {
                limit: _shown(macro, name, limit, seeds, settings)
                for limit in map(int, options.limits.split(","))
            }
            for name in options.names.split(",")
        }
    if "values" in parts:
        print("median rank of the best network by the values of a policy, of those it drew last")
        kinds: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in POLICIES.ours]
        result["values"] = {
            f"{name}{settings or ''}": _valued(macro, name, settings, seeds)
            for name, settings in [*kinds, ("mdenas", {"performance": "last"})]
        }
    if "sharing" in parts:
        print("tree search, 50 evaluations: nodes that share, and that do not")
        result["sharing"] = {
            f"{weight:g}, final {final:g}": _shown(
                macro, "mcts", 50, seeds, {"sharing": weight, "final": final}
            )
            for final in (0.2, 0.0)
            for weight in (1.0, 0.0)
        }
    if "samples" in parts:
        print("samples until a distribution has settled, and the median rank of its best network")
        result["samples"] = {
            kind: _settled(macro, {"samples": kind}, seeds) for kind in ("fixed", "entropy")
        }
        few, many = (result["samples"][kind]["samples"] for kind in ("entropy", "fixed"))
        result["samples"]["saved"] = round(1 - few / many, 3)
        print(f"{'saved':10} {result['samples']['saved']:.0%}")
    if "parameters" in parts:
        result["parameters"] = _parameters()
    print(json.dumps(result))


def _shown(
    macro: Macro, name: str, limit: int, seeds: range, settings: dict[str, Any]
) -> dict[str, float]:
    """The median rank within each budget."""
    medians = {}
    for budget, quantile in BUDGETS.items():
        problem, ranks = macro.problem(quantile), []
        for seed in seeds:
            observed = macro.observed(seed)
            found = macro.searched(make_searcher(name, problem, limit, seed, settings), observed)
            ranks.append(macro.rank(problem, macro.best(problem, found, observed)))
        medians[budget] = float(np.median(ranks))
    cells = "  ".join(f"{budget} {median:6g}" for budget, median in medians.items())
    print(f"{name:10} {limit:>4}  {cells}  {settings or ''}", flush=True)
    return medians


def _valued(
    macro: Macro, name: str, settings: dict[str, Any], seeds: range
) -> dict[int, list[float]]:
    """After so many draws, repeated ones among them."""
    problem, found = macro.problem(None), {}
    for draws in (50, 150, 1000):
        best, last = list[int](), list[int]()
        for seed in seeds:
            policy, observed = (
                make_policy(name, problem, draws, seed, settings),
                macro.observed(seed),
            )
            drawn = list[int]()
            while len(drawn) < draws:
                rows = policy.draw(min(policy.wanted, draws - len(drawn)))
                places = [macro.index[key] for key in keys(rows)]
                policy.learn(rows, observed[places])
                drawn += places
            row = exact_best(policy.score, problem)
            best.append(macro.rank(problem, macro.index[tuple(row.tolist())]))
            last += [macro.rank(problem, place) for place in drawn[-20:]]
        found[draws] = [float(np.median(best)), float(np.median(last))]
    print(f"{name:10} {settings or ''}  {found}", flush=True)
    return found


def _settled(macro: Macro, settings: dict[str, Any], seeds: range) -> dict[str, float]:
    """Draws until little entropy is left: samples, and the ranks of the likeliest and best seen."""
    problem = macro.problem(None)
    samples, likeliest, best = [], [], []
    for seed in seeds:
        observed = macro.observed(seed)
        policy = make_policy("parsec", problem, _MOST, seed, settings)
        assert isinstance(policy, ImportanceSearch)
        first, seen = policy.entropy, list[int]()
        while policy.entropy > _SETTLED * first and len(seen) < _MOST:
            rows = policy.draw(policy.wanted)
            places = [macro.index[key] for key in keys(rows)]
            policy.learn(rows, observed[places])
            seen += places
        samples.append(len(seen))
        row = exact_best(policy.score, problem)
        likeliest.append(macro.rank(problem, macro.index[tuple(row.tolist())]))
        best.append(macro.rank(problem, macro.best(problem, np.array(seen), observed)))
    figures = {
        "samples": float(np.median(samples)),
        "rank": float(np.median(likeliest)),
        "rank_of_best_seen": float(np.median(best)),
    }
    print(f"{settings}  {figures}", flush=True)
    return figures


def _parameters() -> dict[str, list[int]]:
    """Numbers of the distribution: joint, factorised; of the shipped space and of a finer one."""
    config = read_space("mobilenet_v3_large")
    assert isinstance(config, SpaceConfig)
    stages = [
        stage.model_copy(update={"expansions": (1, 2, 3, 4, 5, 6), "squeeze_excite": (False, True)})
        for stage in config.stages
    ]
    fine = config.model_copy(update={"name": "finer", "stages": tuple(stages)})
    found = {}
    for space in (load_space("mobilenet_v3_large"), build_space(fine, 224, 1000)):
        problem = SearchProblem(space, Trellis.of(space, MACS))
        numbers = []
        for factorised in (False, True):
            policy = make_policy("parsec", problem, 100, 0, {"factorised": factorised})
            assert isinstance(policy, ImportanceSearch)
            numbers.append(policy.parameters)
        found[space.name] = numbers
        print(f"{space.name:20} joint {numbers[0]}, factorised {numbers[1]}")
    return found


if __name__ == "__main__":
    main()
