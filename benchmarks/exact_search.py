"""Exact search against pymoo's NSGA-II on the same arrays; and budgets on two devices and a size.

    python -m benchmarks.exact_search --json [--space mobilenet_v3_large] [--tune]

The latencies and the accuracy are additive and made up, but of the space's real blocks: two
rooflines (a device that computes fast and reads slowly, one the other way round, each with an
overhead a block) and the square root of a block's MACs, every block 20 % better or worse than that
by itself. `--tune` tries NSGA-II's settings and says how long each took to 99 % of the front.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.nsga2_on_arrays import Progress, Settings, run, share_of_front
from hwnas.networks.blocks import Block, Skip
from hwnas.objectives.costs import PARAMETERS, block_macs, block_weight_bytes
from hwnas.search.exact.exact_front import exact_best, exact_front
from hwnas.search.exact.many_costs import front_of_costs
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace, load_space

REPEATS = 15
LABELS = 64_000
POPULATION = 1_000_000


def main() -> None:
    """Prints the figures, the last line as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--space", default="mobilenet_v3_large")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=11, help="runs of NSGA-II")
    parser.add_argument("--seconds", type=float, default=60.0, help="the most for one of them")
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    space = load_space(options.space)
    score, costs = trellises(space, options.seed)
    problem = SearchProblem(space, costs[0])
    if options.tune:
        _tune(score, problem, options)
        return
    result: dict[str, Any] = {"space": space.name, "architectures": space.size}
    result |= _front(score, problem, options)
    result |= _two_devices(score, problem, costs, options.seed)
    rows = space.sample(np.random.default_rng(options.seed), POPULATION)
    seconds = _median_seconds(lambda: costs[0].evaluate(rows), 5)
    result["evaluations_per_second"] = round(POPULATION / seconds)
    print(json.dumps(result))


def trellises(space: SearchSpace, seed: int) -> tuple[Trellis, tuple[Trellis, Trellis, Trellis]]:
    """A score in per cent, and latencies on two devices in ms and parameters."""
    generator = np.random.default_rng(seed)

    def laid(name: str, unit: str, value: Callable[[Block], float], by: float) -> Trellis:
        rows = [
            [
                0.0 if isinstance(b, Skip) else value(b) * generator.uniform(1 - by, 1 + by)
                for b in slot.choices
            ]
            for slot in space.slots
        ]
        return Trellis.from_values(space, name, unit, 0.0, rows)

    def server(block: Block) -> float:
        return 0.01 + max(block_macs(block) / 50e6, block_weight_bytes(block) / 5e6)

    def phone(block: Block) -> float:
        return 0.05 + max(block_macs(block) / 8e6, block_weight_bytes(block) / 4e6)

    score = laid("accuracy", "%", lambda block: (block_macs(block) / 1e6) ** 0.5 / 4, 0.2)
    first, second = laid("server", "ms", server, 0.2), laid("phone", "ms", phone, 0.2)
    return score, (first, second, Trellis.of(space, PARAMETERS))


def _front(score: Trellis, problem: SearchProblem, options: argparse.Namespace) -> dict[str, Any]:
    front = exact_front(score, problem)
    # Between the tries of the rival: both are timed in the same minutes.
    seconds = [_median_seconds(lambda: exact_front(score, problem), REPEATS)]
    share = share_of_front(front.costs, front.scores, (problem.cost.range[1], -score.range[0]))
    rivals: list[Progress] = []
    for seed in range(options.seeds):
        rivals.append(run(score, problem, share, Settings(), seed, options.seconds))
        seconds.append(_median_seconds(lambda: exact_front(score, problem), REPEATS))
        print(f"nsga2, seed {seed}: {rivals[-1].seconds_to(0.99):.2f} s to 99 %", file=sys.stderr)
    exact = float(np.median(seconds))
    rival = float(np.median([each.seconds_to(0.99) for each in rivals]))
    return {
        "front_seconds": round(exact, 5),
        "front_size": len(front.scores),
        "nsga2_settings": vars(Settings()),
        "nsga2_hv_ratio_10k": round(float(np.median([r.share_at(10_000) for r in rivals])), 5),
        "nsga2_seconds_to_99": round(rival, 2) if np.isfinite(rival) else None,
        "speedup_to_99": round(rival / exact, 1) if np.isfinite(rival) else None,
    }


def _two_devices(
    score: Trellis, problem: SearchProblem, costs: tuple[Trellis, ...], seed: int
) -> dict[str, Any]:
    """Two latencies and the parameters: the front, its error at 200 budgets, and exact optima."""
    two = _median_seconds(lambda: front_of_costs(score, problem, costs[:2]), 3)
    seconds = _median_seconds(lambda: front_of_costs(score, problem, costs, LABELS), 3)
    front = front_of_costs(score, problem, costs, LABELS)
    generator = np.random.default_rng(seed)
    least, greatest = np.array([cost.range for cost in costs]).T
    # Budgets a little above what some network needs: all can be kept together.
    some = problem.space.sample(generator, 200)
    budgets = np.stack([cost.evaluate(some) for cost in costs], axis=1)
    budgets += 0.02 * (greatest - least)
    within = front.within(budgets)
    span = score.range[1] - score.range[0]
    stated = 100 * (within.at_most - within.scores) / span
    times, real = [], []
    for index, bounds in enumerate(budgets[:20]):
        limited = tuple(map(Limit, costs, bounds.tolist()))
        start = time.perf_counter()
        best = exact_best(score, SearchProblem(problem.space, costs[0], limited))
        times.append(time.perf_counter() - start)
        real.append(100 * (score.evaluate(best[None])[0] - within.scores[index]) / span)
    return {
        "two_device_seconds": round(seconds, 3),
        "two_device_front_size": len(front.scores),
        "two_device_stated_error_median": round(float(np.median(stated)), 3),
        "two_device_stated_error_worst": round(float(stated.max()), 3),
        "two_device_real_error_worst": round(float(np.max(real)), 3),
        "two_device_exact_best_seconds": round(float(np.median(times)), 3),
        "two_latencies_whole_front_seconds": round(two, 3),
    }


def _median_seconds(call: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def _tune(score: Trellis, problem: SearchProblem, options: argparse.Namespace) -> None:
    front = exact_front(score, problem)
    share = share_of_front(front.costs, front.scores, (problem.cost.range[1], -score.range[0]))
    for population, crossover, mutations in itertools.product(
        (30, 50, 100, 200, 400), ("uniform", "two-point"), (0.5, 1.0, 2.0)
    ):
        settings = Settings(population, crossover, mutations)
        done = [
            run(score, problem, share, settings, seed, options.seconds)
            for seed in range(options.seeds)
        ]
        seconds = float(np.median([each.seconds_to(0.99) for each in done]))
        ratio = float(np.median([each.share_at(10_000) for each in done]))
        print(
            f"population {population}, {crossover}, {mutations} mutations: "
            f"{seconds:.2f} s to 99 %, {ratio:.4f} at 10,000",
            flush=True,
        )


if __name__ == "__main__":
    main()
