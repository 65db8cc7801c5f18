"""Evaluations side by side: how much quicker, what a worker costs, whether the result is the same.

    python -m benchmarks.workers --json

Workers of Ray on this machine, one thread each. `throughput_ratio`: evaluations that compute for
about a second, on two workers against one. `overhead_ms`: what an evaluation takes longer on a
worker than in this process, where it takes no time itself, journal included. `same_front`: whether
every searcher finds the same front, byte for byte, and the same scores, with and without workers.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from hwnas.search.executors import Executor, InProcess
from hwnas.search.executors.ray_workers import RayWorkers
from hwnas.search.journal import Journal
from hwnas.search.outcome import Candidate, Outcome
from hwnas.search.run_search import run_searcher
from hwnas.search.searchers import SEARCHERS, make_searcher, needs_known_score
from hwnas.testing.search_problems import macro_problem, synthetic_score


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
    parser.add_argument("--evaluations", type=int, default=30, help="that compute")
    parser.add_argument("--seconds", type=float, default=1.2, help="that each computes")
    parser.add_argument("--quick", type=int, default=500, help="evaluations that take no time")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    given = parser.parse_args()
    one, seconds = _throughput(1, given.evaluations, given.seconds)
    two, _ = _throughput(2, given.evaluations, given.seconds)
    figures = {
        "throughput_ratio": round(two / one, 3),
        "overhead_ms": round(_overhead_ms(given.quick), 2),
        "seconds_an_evaluation": round(seconds, 2),
        "different": (different := _different()),
        "same_front": int(not different),
    }
    print(json.dumps(figures))


def _workers(count: int) -> RayWorkers:
    return RayWorkers(count, threads=1, store_mb=100)


def _throughput(count: int, evaluations: int, wanted: float) -> tuple[float, float]:
    """Evaluations a second on so many workers, and the seconds that each took."""
    rows = macro_problem().space.sample(np.random.default_rng(0), evaluations)
    candidates = [Candidate(row, 0.0) for row in rows]
    with _workers(count) as workers:
        trial = [outcome for _, outcome in workers.run(Computing(200), candidates[:4])]
        times = round(200 * wanted / float(np.median([one.seconds for one in trial])))
        evaluate = Computing(times)
        list(workers.run(evaluate, candidates[:count]))  # all have started
        start = time.perf_counter()
        found = [outcome for _, outcome in workers.run(evaluate, candidates)]
        took = time.perf_counter() - start
    spent = float(np.mean([one.seconds for one in found]))
    print(f"{count} workers: {evaluations} evaluations of {spent:.2f} s in {took:.1f} s")
    # The seconds differ a little from one to the other: what counts is work a second.
    return evaluations * times / took, spent


def _overhead_ms(evaluations: int) -> float:
    took = {}
    with _workers(1) as workers:
        list(workers.run(_nothing, [Candidate(np.zeros(1, np.int64), 0.0)]))
        for name, executor in (("here", InProcess()), ("worker", workers)):
            took[name] = _searched("random", executor, evaluations)[1]
    print(f"{evaluations} evaluations that take no time: {took} s")
    return 1000 * (took["worker"] - took["here"]) / evaluations


def _nothing(candidate: Candidate) -> Outcome:
    return Outcome(float(len(candidate.architecture)))


def _different() -> list[str]:
    """The searchers that find something else with workers."""
    found = []
    with _workers(2) as workers:
        for name in SEARCHERS.ours:
            if needs_known_score(name):
                continue
            here, beside = (_searched(name, one, 60)[0] for one in (InProcess(), workers))
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
