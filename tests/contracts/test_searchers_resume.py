"""Every searcher of the registry, interrupted, goes on where it was."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.search.journal import Journal
from hwnas.search.run_search import run_search
from hwnas.search.searchers import SEARCHERS, make_searcher
from hwnas.spaces import Architectures
from tests.hwnas.search.problems import macro_problem, synthetic_score

Score = Callable[[Architectures], NDArray[np.float64]]


def contents(path: Path) -> tuple[list[list[int]], list[float], dict[tuple[int, ...], set[str]]]:
    with Journal(path) as journal:
        architectures, scores = journal.evaluations()
        return architectures.tolist(), scores.tolist(), journal.searchers_of()


@pytest.mark.parametrize("name", SEARCHERS)
@pytest.mark.parametrize("killed_after", [0, 1, 23, 59])
def test_an_interrupted_search_resumes_and_evaluates_nothing_twice(
    name: str, killed_after: int, tmp_path: Path
) -> None:
    problem, evaluated = macro_problem(0.5), 0

    def score(rows: Architectures) -> NDArray[np.float64]:
        nonlocal evaluated
        evaluated += 1
        return synthetic_score(rows)

    def interrupted(rows: Architectures) -> NDArray[np.float64]:
        if evaluated == killed_after:
            raise KeyboardInterrupt
        return score(rows)

    def run(path: Path, objective: Score) -> None:
        with Journal(path) as journal:
            run_search(make_searcher(name, problem, 60, seed=1), objective, journal)

    run(tmp_path / "whole.sqlite", score)
    whole, evaluated = evaluated, 0
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed.sqlite", interrupted)
    run(tmp_path / "killed.sqlite", score)
    assert evaluated == whole
    assert contents(tmp_path / "killed.sqlite") == contents(tmp_path / "whole.sqlite")
