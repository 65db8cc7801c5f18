import numpy as np

from hwnas.search.front import front_of, hypervolume
from hwnas.search.nsga2 import NSGA2Search
from tests.hwnas.search.problems import (
    every_architecture,
    macro,
    macro_accuracy,
    macro_problem,
    synthetic_score,
)


def test_infeasible_offspring_are_never_asked_for() -> None:
    problem = macro_problem(0.1)
    searcher = NSGA2Search(problem, 150, seed=0)
    while len(rows := searcher.ask()):
        assert problem.feasible(rows).all()
        searcher.tell(rows, synthetic_score(rows))


def test_200_evaluations_find_most_of_nas_bench_macros_front() -> None:
    problem, every = macro_problem(), every_architecture(macro())
    costs, scores = problem.costs(every), macro_accuracy(every)
    box = {"ideal": (costs.min(), scores.max()), "reference": (costs.max(), scores.min())}
    truth = hypervolume(front_of(problem, every, scores), **box)
    found = []
    for seed in range(5):
        searcher = NSGA2Search(problem, 200, seed)
        while len(rows := searcher.ask()):
            searcher.tell(rows, macro_accuracy(rows))
        told = np.array(list(searcher.scores))
        front = front_of(problem, told, np.array(list(searcher.scores.values())))
        found.append(hypervolume(front, **box))
    assert np.mean(found) > 0.97 * truth


def test_a_short_limit_makes_a_small_population() -> None:
    assert len(NSGA2Search(macro_problem(), 40, seed=0).ask()) == 10
    assert len(NSGA2Search(macro_problem(), 400, seed=0).ask()) == 20


def test_a_converged_population_ends_the_search() -> None:
    problem = macro_problem(0.01)
    searcher = NSGA2Search(problem, 10_000, seed=0)
    while len(rows := searcher.ask()):
        searcher.tell(rows, synthetic_score(rows))
    assert len(searcher.scores) <= problem.feasible(every_architecture(macro())).sum()
