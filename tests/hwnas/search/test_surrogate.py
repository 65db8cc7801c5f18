from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.search.front import Front, hypervolume
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers import searcher_class
from hwnas.search.searchers.surrogate import SurrogateSearch, SurrogateSettings
from hwnas.search.searchers.warp import Warp
from hwnas.spaces.space import Architectures
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
    return problem.front(np.array(list(searcher.scores)), np.array(list(searcher.scores.values())))


def test_its_batch_is_what_it_asks_for_between_two_fits() -> None:
    searcher = SurrogateSearch(macro_problem(0.5), 60, 0, SurrogateSettings(batch=16))
    sizes = []
    while len(rows := searcher.ask()):
        sizes.append(len(rows))
        searcher.tell(rows, synthetic_score(rows))
    assert sizes[1:3] == [16, 16]
    assert sum(sizes) == 60


def test_over_the_whole_of_nas_bench_macro_it_ends_with_the_true_front() -> None:
    problem, every = macro_problem(0.1), every_architecture(macro())
    feasible = int(problem.feasible(every).sum())
    found = front_found("surrogate", problem, feasible + 50, seed=0)
    truth = problem.front(every, macro_accuracy(every))
    assert found.costs.tolist() == truth.costs.tolist()
    assert found.scores.tolist() == truth.scores.tolist()


def test_it_finds_more_of_nas_bench_macros_front_than_random_search() -> None:
    problem, every = macro_problem(), every_architecture(macro())
    costs, scores = problem.costs(every), macro_accuracy(every)

    def volume(front: Front) -> float:
        ideal, reference = (costs.min(), scores.max()), (costs.max(), scores.min())
        return hypervolume(front, ideal=ideal, reference=reference)

    truth = volume(problem.front(every, scores))
    exact = [volume(front_found("surrogate", problem, 100, seed)) / truth for seed in range(3)]
    drawn = [volume(front_found("random", problem, 100, seed)) / truth for seed in range(3)]
    assert min(exact) > 0.985
    assert np.mean(drawn) < min(exact)


def test_with_200_evaluations_it_finds_the_best_of_nas_bench_macro_within_a_budget() -> None:
    problem, every = macro_problem(0.25), every_architecture(macro())
    best = macro_accuracy(every[problem.feasible(every)]).max()
    for seed in range(3):
        assert front_found("surrogate", problem, 200, seed).scores[-1] == best


def test_it_starts_with_random_architectures_of_all_costs_for_a_quarter_of_the_limit() -> None:
    searcher = SurrogateSearch(macro_problem(0.5), 100, seed=0)
    rows = searcher.ask()
    searcher.tell(rows, synthetic_score(rows))
    assert (len(rows), len(searcher.ask())) == (25, 5)
    budget = searcher.problem.limits[0]
    shares = (searcher.problem.costs(rows) - budget.trellis.range[0]) / (
        budget.bound - budget.trellis.range[0]
    )
    assert (shares.min() < 0.1, shares.max() > 0.9) == (True, True)


def test_a_search_for_a_front_begins_with_both_its_ends() -> None:
    problem = macro_problem(0.5)
    rows = SurrogateSearch(problem, 100, 0, SurrogateSettings(aim="front")).ask()
    every = every_architecture(macro())
    costs = problem.costs(every[problem.feasible(every)])
    found = problem.costs(rows)
    assert found.min() == costs.min()
    assert found.max() > 0.95 * costs.max()


@pytest.mark.parametrize("aim", ["best", "both", "front"])
def test_every_aim_ends_with_all_of_a_space_of_few_feasible_networks(
    aim: Literal["best", "both", "front"],
) -> None:
    every = every_architecture(macro())
    for quantile in (0.0, 0.0005, 0.002):
        problem = macro_problem(quantile)
        feasible = every[problem.feasible(every)]
        searcher = SurrogateSearch(problem, 50, 0, SurrogateSettings(aim=aim))
        while len(rows := searcher.ask()):
            searcher.tell(rows, synthetic_score(rows))
        assert sorted(searcher.scores) == sorted(map(tuple, feasible.tolist()))


def test_every_refit_asks_for_the_best_predicted() -> None:
    # An additive score is learnt at once, so the first refit must ask for its optimum.
    searcher = SurrogateSearch(macro_problem(0.5), 400, seed=0)
    every = every_architecture(macro())
    every = every[searcher.problem.feasible(every)]
    rows = searcher.ask()
    searcher.tell(rows, (2.0 ** np.arange(8) * rows).sum(axis=1))
    best = every[np.argmax((2.0 ** np.arange(8) * every).sum(axis=1))]
    asked = {*searcher.scores, *(tuple(row) for row in searcher.ask().tolist())}
    assert tuple(best.tolist()) in asked


class Counted(SurrogateSearch):
    """Counts what no model chooses; where that is nothing new, it takes a random network more."""

    def prepare(self) -> None:
        super().prepare()
        self.evolved = self.drawn = 0

    def _child(self, others: Architectures) -> Architectures:
        self.evolved += 1
        return super()._child(others)

    def random(self, count: int, others: Architectures | None = None) -> Architectures:
        self.drawn += 1
        return super().random(count, others)


@pytest.mark.parametrize("batch", [1, 4, 10])
def test_a_share_is_left_to_no_model_whatever_a_batch_is(batch: int) -> None:
    settings = SurrogateSettings(aim="best", batch=batch)
    searcher = Counted(macro_problem(), 80, 0, settings)
    noise = np.random.default_rng(0)
    while len(rows := searcher.ask()):
        searcher.tell(rows, noise.normal(size=len(rows)))
    # Nothing foretells noise: 40 % of the 60 that the first networks leave, half of it random.
    assert 20 <= searcher.evolved + searcher.drawn <= 24
    assert searcher.drawn >= 10


def test_where_slots_far_apart_interact_it_finds_what_no_sum_promises() -> None:
    problem, every = macro_problem(), every_architecture(macro())

    def score(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        # Alone, choice 2 of slots 0 and 5 is bad; together they are what is best.
        both = (rows[:, 0] == 2) & (rows[:, 5] == 2)
        alone = (rows[:, 0] == 2) ^ (rows[:, 5] == 2)
        return 6.0 * both - 3.0 * alone + rows[:, 2] + rows[:, 4] - rows[:, 6]

    for seed in range(3):
        searcher = SurrogateSearch(problem, 100, seed)
        while len(rows := searcher.ask()):
            searcher.tell(rows, score(rows))
        assert max(searcher.scores.values()) == score(every).max()


@pytest.mark.parametrize("scores", [np.zeros(6), np.array([3.0, 1.0, 2.0, -5.0, 0.5, 9.0])])
def test_warping_keeps_the_order_and_is_undone(scores: NDArray[np.float64]) -> None:
    warp = Warp.of(scores, first=4)
    assert np.isfinite(warp(scores)).all()
    assert (np.argsort(warp(scores), kind="stable") == np.argsort(scores, kind="stable")).all()
    assert warp.back(warp(scores)) == pytest.approx(scores)


@pytest.mark.parametrize("usual", [1e12, -1e12, 0.1])
def test_scores_that_hardly_differ_for_their_size_are_warped(usual: float) -> None:
    for scores in (np.full(4, usual), usual + np.spacing(abs(usual)) * np.arange(4.0)):
        warped = Warp.of(scores, first=4)(scores)
        assert np.isfinite(warped).all()
        assert (np.diff(warped) >= 0).all()
