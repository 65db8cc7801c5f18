"""A run's journal is of one score, and a search in Python with it is of the same."""

from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import RunError
from hwnas.estimators.costs import MACS_ESTIMATOR
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.networks.blocks import Network
from hwnas.runs.folder import RunFolder
from hwnas.runs.scores import bind_scores, info_of
from hwnas.search.journal import Journal
from hwnas.search.run_search import run_search
from tests.hwnas.search.problems import macro, macro_problem

MACS = MACS_ESTIMATOR.scores(EstimatorInputs(macro()))


def bound(folder: RunFolder) -> None:
    with Journal(folder.journal_file) as journal:
        bind_scores(journal, MACS)


def depths(networks: list[Network]) -> list[int]:
    return [len(network) for network in networks]


def test_a_search_of_the_same_estimator_goes_on_with_the_journal_of_a_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    bound(folder)
    journal = folder.journal_file
    found = run_search(macro_problem(0.5), MACS, searcher="random", evaluations=3, journal=journal)
    bound(folder)
    with Journal(folder.journal_file) as kept:
        assert np.array_equal(kept.evaluations()[1], found.scores)
        assert info_of(kept) == MACS.info


def test_a_function_is_refused_with_the_journal_of_a_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    bound(folder)
    with pytest.raises(RunError, match="holds scores of the estimator macs, and not of a function"):
        run_search(macro_problem(0.5), depths, evaluations=3, journal=folder.journal_file)


def test_a_run_is_refused_with_the_journal_of_a_function(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    journal = folder.journal_file
    run_search(macro_problem(0.5), depths, searcher="random", evaluations=3, journal=journal)
    with pytest.raises(RunError, match=r"holds scores of a function, .*new run folder with --run"):
        bound(folder)
