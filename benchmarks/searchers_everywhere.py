"""Searchers on families of spaces: does the default win where it was never tuned?

    OMP_NUM_THREADS=1 python -m benchmarks.searchers_everywhere --data FOLDER --json

Each family is a space with true scores, tabulated (NAS-Bench-Macro, NAS-Bench-201) or synthetic
(`benchmarks.landscapes`), with noise or without. Searchers get 50, 100 and 200 evaluations. The
regret of a search is how far the true score of its best *observed* network is below the best of the
space, as a share of the way from a random network to the best. How the best is known, the table
says of each family; where by a long local search, anything better that a searcher found counts.

`worst_ratio` is the default's mean or median regret over that of the best other searcher, for the
worst family and number of evaluations. Regrets below a two-hundredth count as one: closer than
trainings repeat themselves. The constants of `surrogate` were settled on the families of
`--half settled`, with seeds below 100; figures are quoted of `reported`, seeds from 100 on.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.landscapes import FreeSpace, Landscape, landscape, synthetic
from benchmarks.macro_table import Macro
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers import make_searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures
from hwnas.spaces.space import keys

DEFAULT = "surrogate"
OTHERS = ("evolution", "layernas", "local", "nsga2", "random")
LEAST = 0.005  # regrets below this are equal
_INSTANCES = 5  # of a synthetic family, taken in turn by the seeds
_NOISE = 0.25  # of the deviation of scores

Scores = Callable[[Architectures], NDArray[np.float64]]


@dataclass(frozen=True)
class Family:
    """A kind of landscape, and whether the constants were settled on it.

    Attributes:
        name: of the family.
        settled: whether constants were settled on it; else it is reported.
        of: seed → a landscape, and what a searcher is told there.
    """

    name: str
    settled: bool
    of: Callable[[int], tuple[Landscape, Scores]]


def _synthetic(
    kind: str, slots: int, choices: int, linked: int, noise: float, settled: bool
) -> Family:
    made = cache(lambda instance: synthetic(kind, slots, choices, instance, linked))

    def of(seed: int) -> tuple[Landscape, Scores]:
        # Other instances, not only other searches, from seed 100 on.
        found = made(seed % _INSTANCES + _INSTANCES * (seed >= 100))
        return found, found.observed(noise, seed) if noise else found.truth

    size = f"{choices**slots:.0e}".replace("e+0", "e").replace("e+", "e")
    label = f"{kind}{linked if kind == 'nk' else ''} {slots}x{choices} ({size})"
    return Family(label + (", noise" if noise else ""), settled, of)


def _macro(path: Path, noise: bool, settled: bool) -> Family:
    macro = Macro.load(path)
    problem = macro.problem(None)

    def by(values: NDArray[np.float64]) -> Scores:
        return lambda rows: values[[macro.index[key] for key in keys(rows)]]

    found = landscape(problem, by(macro.mean), np.random.default_rng(0), every=macro.rows)

    def of(seed: int) -> tuple[Landscape, Scores]:
        return found, by(macro.observed(seed)) if noise else found.truth

    return Family("NAS-Bench-Macro" + (", noise" if noise else ""), settled, of)


def _bench_201(path: Path, noise: float, settled: bool) -> Family:
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    space = FreeSpace("NAS-Bench-201", 6, 5)
    table = np.zeros(5**6)
    powers = 5 ** np.arange(6)
    for line in lines:
        row, accuracy = line.split(",")
        table[np.array(row.split(), dtype=np.int64) @ powers] = float(accuracy)
    # Convolutions cost; their products of edges do not matter here.
    cost = Trellis.from_values(space, "macs", "M", 1.0, [[0.0, 0.0, 4.0, 15.0, 0.1]] * 6)
    found = landscape(
        SearchProblem(space, cost),
        lambda rows: table[rows @ powers],
        np.random.default_rng(0),
        every=space.every,
    )

    def of(seed: int) -> tuple[Landscape, Scores]:
        return found, found.observed(noise, seed) if noise else found.truth

    return Family("NAS-Bench-201" + (", noise" if noise else ""), settled, of)


def families(data: Path) -> Iterator[Family]:
    """All families; settled ones first."""
    yield _macro(data / "nas-bench-macro_cifar10.json", False, True)
    for settled, kind, slots, choices, linked, noisy in (
        (True, "sums", 20, 6, 0, True),
        (True, "pairs", 10, 5, 2, False),
        (True, "pairs", 20, 9, 1, True),
        (True, "nk", 12, 4, 3, False),
        (True, "nk", 7, 3, 1, True),
        (True, "plateaus", 14, 3, 1, False),
        (True, "traps", 12, 3, 0, False),
        (False, "sums", 12, 5, 0, False),
        (False, "sums", 20, 10, 0, True),
        (False, "pairs", 16, 4, 1, True),
        (False, "pairs", 20, 9, 2, False),
        (False, "nk", 15, 4, 1, False),
        (False, "nk", 7, 3, 2, False),
        (False, "nk", 20, 10, 2, False),
        (False, "nk", 10, 3, 4, True),
        (False, "plateaus", 10, 5, 2, True),
        (False, "plateaus", 20, 5, 1, False),
        (False, "traps", 9, 4, 0, False),
        (False, "traps", 15, 3, 0, True),
    ):
        yield _synthetic(kind, slots, choices, linked, _NOISE * noisy, settled)
    yield _macro(data / "nas-bench-macro_cifar10.json", True, False)
    yield _bench_201(data / "nas_bench_201_cifar10.csv", 0.0, False)
    # Of one deviation, 6.3 points, a thirtieth: what trainings of good cells differ by.
    yield _bench_201(data / "nas_bench_201_cifar10.csv", 1 / 30, False)


def main() -> None:
    """Prints a line a family, and the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of both tables")
    parser.add_argument("--half", default="reported", choices=("settled", "reported", "both"))
    parser.add_argument("--families", default="", help="only those whose name has this part")
    parser.add_argument("--searchers", default=",".join((DEFAULT, *OTHERS)))
    parser.add_argument("--limits", default="50,100,200")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    names = options.searchers.split(",")
    limits = [int(limit) for limit in options.limits.split(",")]
    table: dict[str, Any] = {}
    for family in families(options.data):
        if options.half not in ("both", "settled" if family.settled else "reported"):
            continue
        if options.families in family.name:
            table[family.name] = _figures(family, names, limits, seeds)
            _show(family.name, table[family.name])
    ratios = {
        f"{name}, {limit}": row["ratio"]
        for name, figures in table.items()
        for limit, row in figures["limits"].items()
        if "ratio" in row
    }
    worst = max(ratios, key=ratios.__getitem__, default=None)
    print(
        json.dumps(
            {
                "worst_ratio": None if worst is None else ratios[worst],
                "worst": worst,
                "over": sum(ratio > 1.1 for ratio in ratios.values()),
                "of": len(ratios),
                "seeds": [seeds.start, seeds.stop - 1],
                "table": table,
            }
        )
    )


def _figures(family: Family, names: list[str], limits: list[int], seeds: range) -> dict[str, Any]:
    regrets: dict[tuple[str, int], list[float]] = {}
    seconds: dict[str, float] = {}
    searches = [(limit, name, seed) for limit in limits for name in names for seed in seeds]
    found: dict[int, tuple[Landscape, list[tuple[str, int, float]]]] = {}
    for limit, name, seed in searches:
        land, observed = family.of(seed)
        start = time.perf_counter()
        score = _search(land, observed, name, limit, seed)
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
        found.setdefault(id(land), (land, []))[1].append((name, limit, score))
    for land, scores in found.values():
        # A local search may have missed what a searcher found.
        best = max(land.best, *(score for _, _, score in scores))
        for name, limit, score in scores:
            share = (best - score) / (best - land.middle)
            regrets.setdefault((name, limit), []).append(share)
    known = family.of(seeds.start)[0].known
    return {
        "best": known,
        "seconds_of_a_search": {
            name: round(spent / len(seeds) / len(limits), 3) for name, spent in seconds.items()
        },
        "limits": {limit: _row(regrets, names, limit) for limit in limits},
    }


def _search(land: Landscape, observed: Scores, name: str, limit: int, seed: int) -> float:
    """The true score of the best observed network."""
    searcher = make_searcher(name, land.problem, limit, seed)
    while len(rows := searcher.ask()):
        searcher.tell(rows, observed(rows))
    rows, scores = searcher.evaluated
    return float(land.truth(rows[[scores.argmax()]])[0])


def _row(
    regrets: dict[tuple[str, int], list[float]], names: list[str], limit: int
) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: {
            "mean": round(float(np.mean(regrets[name, limit])), 4),
            "median": round(float(np.median(regrets[name, limit])), 4),
        }
        for name in names
    }
    others = [row[name] for name in names if name != DEFAULT]
    if DEFAULT in row and others:
        row["ratio"] = max(
            round(
                max(row[DEFAULT][what], LEAST) / max(LEAST, min(other[what] for other in others)),
                3,
            )
            for what in ("mean", "median")
        )
    return row


def _show(name: str, figures: dict[str, Any]) -> None:
    print(f"{name}, best {figures['best']}; {figures['seconds_of_a_search']}")
    for limit, row in figures["limits"].items():
        cells = " ".join(
            f"{key} {cell['mean']:.3f}/{cell['median']:.3f}"
            for key, cell in row.items()
            if key != "ratio"
        )
        print(f"  {limit:>4} {row.get('ratio', '')} {cells}", flush=True)


if __name__ == "__main__":
    main()
