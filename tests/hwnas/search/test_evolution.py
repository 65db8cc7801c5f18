import numpy as np
import pytest

from hwnas.core.errors import ConfigError
from hwnas.search.searchers import searcher_settings
from hwnas.search.searchers.evolution import Evolution, EvolutionSettings
from tests.hwnas.search.problems import (
    every_architecture,
    macro,
    macro_accuracy,
    macro_problem,
    synthetic_score,
)


def test_the_initial_population_is_one_batch_and_every_child_one_more() -> None:
    searcher = Evolution(macro_problem(0.5), 100, seed=0)
    sizes = []
    while len(rows := searcher.ask()):
        sizes.append(len(rows))
        searcher.tell(rows, synthetic_score(rows))
    assert sizes == [20, *[1] * 80]


def test_a_batch_of_children_is_asked_for_at_once() -> None:
    searcher = Evolution(macro_problem(0.5), 100, 0, EvolutionSettings(batch=8))
    sizes, seen = [], set()
    while len(rows := searcher.ask()):
        sizes.append(len(rows))
        seen |= set(map(tuple, rows.tolist()))
        searcher.tell(rows, synthetic_score(rows))
    assert sizes == [20, *[8] * 10]
    assert len(seen) == 100


def test_children_of_a_batch_have_parents_whose_score_is_known() -> None:
    searcher = Evolution(macro_problem(), 100, 0, EvolutionSettings(sample=20, batch=8))
    rows = searcher.ask()
    best = rows[7]
    searcher.tell(rows, (rows == best).all(axis=1).astype(np.float64))
    children = macro().canonical(searcher.ask())
    assert ((children != best).sum(axis=1) == 1).all()


def test_a_batch_above_the_population_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch is 9, more than the population of 8; lower it"):
        searcher_settings("evolution", {"population": 8, "sample": 4, "batch": 9})


def test_a_short_limit_makes_a_small_population() -> None:
    assert len(Evolution(macro_problem(), 40, seed=0).ask()) == 10


def test_a_child_is_one_slot_off_the_best_of_the_sample() -> None:
    searcher = Evolution(macro_problem(), 100, 0, EvolutionSettings(population=20, sample=20))
    rows = searcher.ask()
    best = rows[7]
    searcher.tell(rows, (rows == best).all(axis=1).astype(np.float64))
    (child,) = searcher.ask()
    assert (macro().canonical(child) != best).sum() == 1


def test_the_oldest_dies_however_good() -> None:
    searcher = Evolution(macro_problem(), 100, 0, EvolutionSettings(population=5, sample=5))
    rows = searcher.ask()
    searcher.tell(rows, np.array([9.0, 1.0, 1.0, 1.0, 1.0]))
    (child,) = searcher.ask()
    assert (child != rows[0]).sum() == 1
    searcher.tell(child[None], np.zeros(1))
    (child,) = searcher.ask()
    assert ((child != rows[1:]).sum(axis=1) == 1).any()


def test_100_evaluations_end_a_tenth_of_a_point_below_the_best_within_a_budget() -> None:
    gaps = []
    for quantile in (0.25, 0.5, 1.0):
        problem, every = macro_problem(quantile), every_architecture(macro())
        best = macro_accuracy(every[problem.feasible(every)]).max()
        for seed in range(5):
            searcher = Evolution(problem, 100, seed)
            while len(rows := searcher.ask()):
                searcher.tell(rows, macro_accuracy(rows))
            gaps.append(best - max(searcher.scores.values()))
    assert np.mean(gaps) < 0.1
