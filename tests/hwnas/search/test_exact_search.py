import numpy as np

from hwnas.search import SearchProblem, searcher_class
from hwnas.search.exact_search import ExactSearch
from hwnas.search.front import Front, front_of, hypervolume
from tests.hwnas.search.problems import (
    every_architecture,
    macro,
    macro_accuracy,
    macro_problem,
    synthetic_score,
)


def front_found(name: str, problem: SearchProblem, limit: int, seed: int) -> Front:
    searcher = searcher_class(name)(problem, limit, seed)
    while len(rows := searcher.ask()):
        searcher.tell(rows, macro_accuracy(rows))
    return front_of(
        problem, np.array(list(searcher.scores)), np.array(list(searcher.scores.values()))
    )


def test_over_the_whole_of_nas_bench_macro_it_ends_with_the_true_front() -> None:
    problem, every = macro_problem(0.1), every_architecture(macro())
    feasible = int(problem.feasible(every).sum())
    found = front_found("exact", problem, feasible + 50, seed=0)
    truth = front_of(problem, every, macro_accuracy(every))
    assert found.costs.tolist() == truth.costs.tolist()
    assert found.scores.tolist() == truth.scores.tolist()


def test_it_finds_more_of_nas_bench_macros_front_than_random_search() -> None:
    problem, every = macro_problem(), every_architecture(macro())
    costs, scores = problem.costs(every), macro_accuracy(every)

    def volume(front: Front) -> float:
        ideal, reference = (costs.min(), scores.max()), (costs.max(), scores.min())
        return hypervolume(front, ideal=ideal, reference=reference)

    truth = volume(front_of(problem, every, scores))
    exact = [volume(front_found("exact", problem, 100, seed)) / truth for seed in range(3)]
    drawn = [volume(front_found("random", problem, 100, seed)) / truth for seed in range(3)]
    assert min(exact) > 0.985
    assert np.mean(drawn) < min(exact)


def test_with_200_evaluations_it_finds_the_best_of_nas_bench_macro_within_a_budget() -> None:
    problem, every = macro_problem(0.25), every_architecture(macro())
    best = macro_accuracy(every[problem.feasible(every)]).max()
    for seed in range(3):
        assert front_found("exact", problem, 200, seed).scores[-1] == best


def test_it_starts_with_random_architectures_for_two_fifths_of_the_limit() -> None:
    searcher = ExactSearch(macro_problem(), 100, seed=0)
    rows = searcher.ask()
    searcher.tell(rows, synthetic_score(rows))
    assert (len(rows), len(searcher.ask())) == (40, 10)


def test_every_refit_asks_for_the_best_predicted() -> None:
    # An additive score is learnt at once, so the first refit must ask for its optimum.
    searcher = ExactSearch(macro_problem(0.5), 400, seed=0)
    every = every_architecture(macro())
    every = every[searcher.problem.feasible(every)]
    rows = searcher.ask()
    searcher.tell(rows, (2.0 ** np.arange(8) * rows).sum(axis=1))
    best = every[np.argmax((2.0 ** np.arange(8) * every).sum(axis=1))]
    asked = {*searcher.scores, *(tuple(row) for row in searcher.ask().tolist())}
    assert tuple(best.tolist()) in asked
