"""How many evaluations a second the ask/tell loop and its journal allow when a score costs nothing.

    python -m benchmarks.ask_tell [--evaluations 20000] [--space mobilenet_v3_large]
        [--searcher random --searcher nsga2] [--repeats 3] [--folder /var/tmp]

Every evaluation is committed to a new journal before the next begins; afterwards the file is opened
again and its rows are counted. The median of the repeats, with all of them beside it; "without
journal" is asking and telling alone.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.objectives.costs import MACS
from hwnas.search.journal import Journal
from hwnas.search.problem import SearchProblem
from hwnas.search.run_search import run_searcher
from hwnas.search.searchers import SEARCHERS, searcher_class
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, load_space


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--evaluations", type=int, default=20_000)
    parser.add_argument("--space", default="mobilenet_v3_large")
    parser.add_argument("--searcher", action="append", choices=SEARCHERS.names())
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="on the disk")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    space = load_space(options.space)
    problem = SearchProblem(space, Trellis.of(space, MACS))
    result = {"space": options.space, "evaluations": options.evaluations}
    for name in dict.fromkeys(("random", *(options.searcher or ()))):
        suffix = "" if name == "random" else f"_{name}"
        make = searcher_class(name)
        stored, alone = [], []
        for seed in range(options.repeats):
            stored.append(with_journal(make(problem, options.evaluations, seed), options.folder))
            alone.append(without_journal(make(problem, options.evaluations, seed)))
        result |= {
            f"evaluations_per_second{suffix}": statistics.median(stored),
            f"without_journal_per_second{suffix}": statistics.median(alone),
            f"all_evaluations_per_second{suffix}": stored,
        }
    print(json.dumps(result))


def free(architectures: Architectures) -> NDArray[np.float64]:
    """(N,) scores that cost nothing and still differ."""
    return architectures[:, 0] + 0.1 * architectures[:, -1]


def with_journal(searcher: Searcher, folder: Path) -> float:
    """Evaluations a second of a search with a new journal in a folder."""
    with tempfile.TemporaryDirectory(prefix="hwnas-ask-tell-", dir=folder) as name:
        path = Path(name) / "run.sqlite"
        with Journal(path) as journal:
            start = time.perf_counter()
            run_searcher(searcher, free, journal)
            seconds = time.perf_counter() - start
        with Journal(path) as journal:
            count = len(journal.evaluations()[1])
    if count != len(searcher.scores):
        raise SystemExit(f"{count} evaluations are stored, {len(searcher.scores)} were made")
    return round(count / seconds, 1)


def without_journal(searcher: Searcher) -> float:
    """Evaluations a second of a search that stores nothing."""
    start = time.perf_counter()
    while len(asked := searcher.ask()):
        searcher.tell(asked, free(asked))
    return round(len(searcher.scores) / (time.perf_counter() - start), 1)


if __name__ == "__main__":
    main()
