import numpy as np

from hwnas.search.neighbours import neighbours
from hwnas.search.searchers.local_search import LocalSearch, LocalSearchSettings
from hwnas.spaces import Architectures
from tests.hwnas.search.problems import every_architecture, macro, macro_problem, widths_problem


def additive(rows: Architectures) -> np.ndarray:
    return rows.sum(axis=1).astype(np.float64)


def test_it_starts_from_the_best_of_ten_random_networks() -> None:
    searcher = LocalSearch(macro_problem(0.5), 100, seed=0)
    rows = searcher.ask()
    assert len(rows) == 10
    searcher.tell(rows, additive(rows))
    best = rows[additive(rows).argmax()]
    assert ((searcher.ask() != best).sum(axis=1) == 1).all()


def test_a_score_of_one_optimum_is_climbed_without_a_restart() -> None:
    searcher = LocalSearch(macro_problem(), 100, 0, LocalSearchSettings(start=1, batch=1))
    while searcher.remaining and max(searcher.scores.values(), default=0.0) < 16.0:
        rows = searcher.ask()
        searcher.tell(rows, additive(rows))
    # Eight slots of three choices: at most 16 steps lead up, past 16 neighbours each.
    assert max(searcher.scores.values()) == 16.0


def test_at_an_optimum_it_restarts_with_networks_that_are_new() -> None:
    problem = macro_problem()
    searcher = LocalSearch(problem, 200, 0, LocalSearchSettings(start=3, batch=100))
    rows = searcher.ask()
    searcher.tell(rows, np.array([0.0, 1.0, 0.0]))
    around = searcher.ask()
    searcher.tell(around, np.zeros(len(around)))
    restart = searcher.ask()
    assert len(restart) == 3
    assert not {tuple(row) for row in restart.tolist()} & set(searcher.scores)


def test_neighbours_are_all_feasible_networks_one_slot_away() -> None:
    problem, every = macro_problem(0.5), every_architecture(macro())
    every = every[problem.feasible(every)]
    centre = every[100]
    near = every[(every != centre).sum(axis=1) <= 1]
    assert neighbours(problem, centre[None]).tolist() == near.tolist()


def test_neighbours_obey_the_transitions() -> None:
    problem = widths_problem(1.0)
    rows = neighbours(problem, problem.space.sample(np.random.default_rng(0), 5))
    assert len(rows) > 5
    assert problem.feasible(rows).all()
