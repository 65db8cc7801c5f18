"""What the mode `asynchronous` is good for: evaluations of unequal length; part of `workers`.

An evaluation lasts 0.2 to 2 s, by its network, evenly on a logarithmic scale. `utilization` runs
searches with workers of Ray, where evaluations sleep: how much of their time workers are in use.
`quality` searches NAS-Bench-Macro with simulated workers and time: the rank of the best network of
100 evaluations, as `benchmarks.nas_bench_macro` has it, and when the search ends.
"""

import time
from typing import Any

import numpy as np

from benchmarks.macro_table import Macro
from hwnas.search.executors.ray_workers import RayWorkers
from hwnas.search.mode import ASYNCHRONOUS, SYNCHRONOUS, Mode
from hwnas.search.outcome import Candidate
from hwnas.search.run_search import run_searcher
from hwnas.search.searchers import make_searcher
from hwnas.spaces import Architectures
from hwnas.spaces.space import keys
from hwnas.testing.search_problems import macro_problem, synthetic_score
from hwnas.testing.simulated_workers import SimulatedWorkers

_SHORTEST_S, _LONGEST_S = 0.2, 2.0
_SEARCHERS = ("surrogate", "evolution", "local", "random")
_WORKERS = (2, 8)
_SEEDS = range(100, 120)
_BUDGETS = {"25": 0.25, "50": 0.5, "100": 1.0}


def seconds(row: Architectures) -> float:
    """How long the evaluation of an architecture (L,) lasts."""
    drawn = np.random.default_rng([9, *row.tolist()]).random()
    return float(_SHORTEST_S * (_LONGEST_S / _SHORTEST_S) ** drawn)


def utilization(workers: RayWorkers, count: int = 2, evaluations: int = 24) -> dict[str, float]:
    """The share of the time of so many workers in which they evaluate, by how it is searched.

    Synchronous evolution asks for `batch` children at once.
    """
    ways: dict[str, tuple[Mode, dict[str, Any]]] = {
        "batch 1": (SYNCHRONOUS, {}),
        f"batch {count}": (SYNCHRONOUS, {"batch": count}),
        ASYNCHRONOUS: (ASYNCHRONOUS, {}),
    }
    found = {}
    for name, (mode, settings) in ways.items():
        problem = macro_problem(0.5)
        searcher = make_searcher("evolution", problem, evaluations, 0, settings, mode)
        start = time.perf_counter()
        rows = run_searcher(searcher, _sleeping, executor=workers, mode=mode).architectures
        found[name] = sum(map(seconds, rows)) / count / (time.perf_counter() - start)
        print(f"evolution, {name}: {count} workers in use {100 * found[name]:.0f} %", flush=True)
    return found


def _sleeping(rows: Architectures) -> Any:
    time.sleep(seconds(rows[0]))
    return synthetic_score(rows)


def quality(macro: Macro) -> dict[str, Any]:
    """By searcher, workers and mode: median and worst ranks by budget, and simulated seconds."""
    table: dict[str, Any] = {}
    for name in _SEARCHERS:
        for workers in _WORKERS:
            for mode in (SYNCHRONOUS, ASYNCHRONOUS):
                figures = _figures(macro, name, workers, mode)
                table.setdefault(name, {}).setdefault(workers, {})[mode] = figures
                print(f"{name}, {workers} workers, {mode}: {figures}", flush=True)
    return table


def _figures(macro: Macro, name: str, workers: int, mode: Mode) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    times = []
    for budget, quantile in _BUDGETS.items():
        found = [_searched(macro, name, workers, mode, quantile, seed) for seed in _SEEDS]
        ranks = [rank for rank, _ in found]
        times += [clock for _, clock in found]
        figures[f"rank_{budget}"] = [float(np.median(ranks)), max(ranks)]
    return figures | {"seconds": round(float(np.mean(times)), 1)}


def _searched(
    macro: Macro, name: str, workers: int, mode: Mode, quantile: float, seed: int
) -> tuple[int, float]:
    """The true rank of the best network that is observed, and when the search ends."""
    problem, observed = macro.problem(quantile), macro.observed(seed)
    executor = SimulatedWorkers(workers, _lasting)

    def score(rows: Architectures) -> Any:
        return observed[[macro.index[key] for key in keys(rows)]]

    searcher = make_searcher(name, problem, 100, seed, mode=mode)
    rows = run_searcher(searcher, score, executor=executor, mode=mode).architectures
    places = np.array([macro.index[key] for key in keys(rows)], dtype=np.int64)
    return macro.rank(problem, macro.best(problem, places, observed)), executor.clock


def _lasting(candidate: Candidate) -> float:
    return seconds(candidate.architecture)
