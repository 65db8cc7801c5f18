"""A journal is of one score and of one process."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import RunError
from hwnas.networks.blocks import Network
from hwnas.search.journal import Journal
from hwnas.search.run_search import run_search, run_searcher
from hwnas.search.searchers.random_search import RandomSearch
from tests.hwnas.search.problems import (
    macro_problem,
    synthetic_score,
)
from tests.hwnas.search.scores import SCORES, Estimated


def test_a_journal_of_another_score_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    asked = {"searcher": "random", "evaluations": 3, "journal": path}
    found = run_search(macro_problem(0.5), Estimated("one"), **asked)
    assert np.array_equal(found.scores, synthetic_score(found.architectures))
    with pytest.raises(RunError, match="was made with another supernet"):
        run_search(macro_problem(0.5), Estimated("other"), **asked)


@pytest.mark.parametrize(("first", "second"), list(permutations(SCORES, 2)))
def test_a_journal_never_mixes_scores(first: str, second: str, tmp_path: Path) -> None:
    asked = {"searcher": "random", "evaluations": 2, "journal": tmp_path / "run.sqlite"}
    found = run_search(macro_problem(0.5), SCORES[first], **asked)
    with pytest.raises(RunError, match=r"run\.sqlite (was made with another|holds scores of)"):
        run_search(macro_problem(0.5), SCORES[second], **asked)
    again = run_search(macro_problem(0.5), SCORES[first], **asked)
    assert np.array_equal(again.scores, found.scores)


def test_the_sentence_names_both_scores_and_what_to_do(tmp_path: Path) -> None:
    asked = {"searcher": "random", "evaluations": 2, "journal": tmp_path / "run.sqlite"}
    run_search(macro_problem(0.5), SCORES["a function"], **asked)
    with pytest.raises(RunError) as caught:
        run_search(macro_problem(0.5), SCORES["the estimator macs"], **asked)
    assert str(caught.value) == (
        f"{tmp_path / 'run.sqlite'} holds scores of a function, and not of the estimator macs; "
        "bring that score back, or name another file as the journal"
    )


def test_a_journal_belongs_to_a_score_before_the_first_is_computed(tmp_path: Path) -> None:
    def interrupted(_: list[Network]) -> list[float]:
        raise KeyboardInterrupt

    asked = {"searcher": "random", "evaluations": 2, "journal": tmp_path / "run.sqlite"}
    with pytest.raises(KeyboardInterrupt):
        run_search(macro_problem(0.5), interrupted, **asked)
    with pytest.raises(RunError, match="holds scores of a function"):
        run_search(macro_problem(0.5), SCORES["the estimator macs"], **asked)


def test_a_journal_that_does_not_say_what_it_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    with Journal(path) as journal:
        run_searcher(RandomSearch(macro_problem(0.5), 2, seed=0), synthetic_score, journal)
    with pytest.raises(RunError, match="holds scores of another kind, and not of a function"):
        run_search(macro_problem(0.5), SCORES["a function"], evaluations=2, journal=path)


def test_a_second_search_with_a_journal_at_the_same_time_is_refused(tmp_path: Path) -> None:
    asked = {"searcher": "random", "evaluations": 2, "journal": tmp_path / "run.sqlite"}

    def searching(networks: list[Network]) -> list[int]:
        with pytest.raises(RunError, match=r"another process is searching .* wait for it, or name"):
            run_search(macro_problem(0.5), SCORES["a function"], **asked)
        return [len(network) for network in networks]

    assert len(run_search(macro_problem(0.5), searching, **asked).scores) == 2
