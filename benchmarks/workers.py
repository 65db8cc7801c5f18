"""Evaluations side by side: how much quicker, what a worker costs, whether the result is the same.

    python -m benchmarks.workers --json [--data nas-bench-macro_cifar10.json]

Workers of Ray on this machine, one thread each. `throughput_ratio`: evaluations that multiply
matrices for a second or more, two at a time on two workers over one at a time on the same, measured
in turns; the median of the turns. `overhead_ms`: what an evaluation takes longer on one worker than
in this process, journal included, where it takes no time itself; in turns, too. `same_front`:
whether every searcher finds the same front and scores, byte for byte, with and without workers.
`asynchronous_ratio` and `asynchronous_quality`: see `benchmarks.asynchronous`.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.asynchronous import quality, utilization
from benchmarks.macro_table import Macro
from hwnas.search.executors import Executor, InProcess
from hwnas.search.executors.ray_workers import RayWorkers
from hwnas.search.journal import Journal
from hwnas.search.outcome import Candidate, Outcome
from hwnas.search.run_search import run_searcher
from hwnas.search.searchers import SEARCHERS, make_searcher, needs_known_score
from hwnas.testing.search_problems import macro_problem, synthetic_score

# Of the searches that are compared.
_EVALUATIONS = 60
# Evaluations by which the time of one is found.
_TRIAL = 300


class Computing:
    """An evaluation that multiplies matrices so many times, on one thread."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self, candidate: Candidate) -> Outcome:
        """The score is that of `synthetic_score`."""
        matrix = np.full((256, 256), 1.0 / 256)
        for _ in range(self.times):
            matrix = matrix @ matrix
        return Outcome(float(synthetic_score(candidate.architecture[None])[0]))


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=7, help="of one and two at a time")
    parser.add_argument("--seconds", type=float, default=1.2, help="that an evaluation computes")
    parser.add_argument("--quick", type=int, default=100, help="evaluations a turn that take none")
    parser.add_argument("--data", type=Path, help="nas-bench-macro_cifar10.json, for the quality")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    given = parser.parse_args()
    with _workers(2) as two:
        ratios, seconds = _throughput(two, given.turns, given.seconds)
        different = _different(two)
        in_use = utilization(two)
    overheads = _overheads_ms(given.turns, given.quick)
    figures = {
        "throughput_ratio": round(statistics.median(ratios), 3),
        "throughput_ratios": [round(one, 3) for one in ratios],
        "seconds_an_evaluation": round(seconds, 2),
        "overhead_ms": round(statistics.median(overheads), 2),
        "overheads_ms": [round(one, 2) for one in overheads],
        "different": different,
        "same_front": int(not different),
        "in_use": {name: round(share, 3) for name, share in in_use.items()},
        "asynchronous_ratio": {
            name: round(in_use["asynchronous"] / share, 2)
            for name, share in in_use.items()
            if name != "asynchronous"
        },
    }
    if given.data is not None:
        figures["asynchronous_quality"] = quality(Macro.load(given.data))
    print(json.dumps(figures))


def _workers(count: int) -> RayWorkers:
    return RayWorkers(count, threads=1, store_mb=100)


def _throughput(workers: RayWorkers, turns: int, wanted: float) -> tuple[list[float], float]:
    """Of each turn, how much quicker two at a time are; and the seconds of one evaluation."""
    rows = macro_problem().space.sample(np.random.default_rng(0), 4)
    candidates = [Candidate(row, 0.0) for row in rows]
    trial = [one.seconds for _, one in workers.run(Computing(_TRIAL), candidates)]
    evaluate = Computing(round(_TRIAL * wanted / min(trial)))
    list(workers.run(evaluate, candidates[:2]))  # both workers have it
    ratios, spent = [], list[float]()
    for _ in range(turns):
        start = time.perf_counter()
        for candidate in candidates[:2]:
            spent += [one.seconds for _, one in workers.run(evaluate, [candidate])]
        between = time.perf_counter()
        spent += [one.seconds for _, one in workers.run(evaluate, candidates)]
        one, two = (between - start) / 2, (time.perf_counter() - between) / 4
        print(f"an evaluation every {one:.3f} s, and {two:.3f} s two at a time", flush=True)
        ratios.append(one / two)
    return ratios, float(np.mean(spent))


def _overheads_ms(turns: int, evaluations: int) -> list[float]:
    """Of each turn, what an evaluation takes longer on a worker."""
    found = []
    with _workers(1) as workers:
        _searched("random", workers, 1)  # it has started
        for _ in range(turns):
            beside, here = (
                _searched("random", one, evaluations)[1] for one in (workers, InProcess())
            )
            found.append(1000 * (beside - here) / evaluations)
    print(f"{evaluations} evaluations that take no time: {found} ms more each", flush=True)
    return found


def _different(workers: RayWorkers) -> list[str]:
    """The searchers that find something else with workers."""
    found = []
    for name in SEARCHERS.ours:
        if needs_known_score(name):
            continue
        here, beside = (_searched(name, one, _EVALUATIONS)[0] for one in (InProcess(), workers))
        print(f"{name}: {'the same' if here == beside else 'different'}", flush=True)
        if here != beside:
            found.append(name)
    return found


def _searched(name: str, executor: Executor, evaluations: int) -> tuple[bytes, float]:
    """What a search finds, as bytes, and the seconds that it takes."""
    searcher = make_searcher(name, macro_problem(0.5), evaluations, 0)
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "run.sqlite") as journal:
        start = time.perf_counter()
        found = run_searcher(searcher, synthetic_score, journal, executor=executor)
        took = time.perf_counter() - start
        rows, scores = journal.evaluations()
        front = found.problem.front(rows, scores)
    parts = (found.architectures, found.scores, front.architectures, front.scores, front.costs)
    return b"".join(np.ascontiguousarray(part).tobytes() for part in parts), took


if __name__ == "__main__":
    main()
