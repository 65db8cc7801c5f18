from dataclasses import replace

import numpy as np
import pytest

from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.search.exact.climbed import ClimbedScore, climbed_front
from hwnas.search.exact.exact_front import exact_best, exact_front
from hwnas.search.exact.known_scores import ListedScore, SumScore
from hwnas.search.neighbours import neighbours, pairs_of_neighbours
from hwnas.search.problem import KnownScore, Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import load_space
from tests.hwnas.search.problems import (
    SyntheticScore,
    every_architecture,
    every_front_point,
    macro,
    macro_accuracy,
    macro_problem,
    synthetic_score,
    widths_problem,
)


def found(score: KnownScore, problem: SearchProblem, seed: int = 0):
    return score.front(problem, np.random.default_rng(seed))


@pytest.mark.parametrize("quantile", [0.01, 0.5, 1.0])
def test_a_small_space_is_scored_as_a_whole(quantile: float) -> None:
    problem, every = macro_problem(quantile), every_architecture(macro())
    every = every[problem.feasible(every)]
    answer = found(ClimbedScore(SyntheticScore(macro())), problem)
    expected = every_front_point(problem.costs(every), synthetic_score(every))
    assert list(zip(answer.front.costs, answer.front.scores, strict=True)) == expected
    assert answer.exact
    assert answer.how == f"exact: all {len(every):,} networks within the budgets were scored"


@pytest.mark.parametrize("quantile", [0.1, 0.5, 1.0])
def test_a_climb_finds_the_best_of_a_score_that_no_sum_fits(quantile: float) -> None:
    problem, every = macro_problem(quantile), every_architecture(macro())
    answer = climbed_front(SyntheticScore(macro()), problem, np.random.default_rng(1))
    assert not answer.exact
    assert answer.how.startswith("nearly exact: ")
    best = synthetic_score(every[problem.feasible(every)]).max()
    assert answer.front.scores[-1] == best


def test_a_climb_ends_where_no_other_choice_improves_the_front() -> None:
    space = load_space("mobilenet_v3_small")
    cost = Trellis.of(space, MACS)
    problem = SearchProblem(space, cost, (Limit(cost, 0.7 * cost.range[0] + 0.3 * cost.range[1]),))
    score = SyntheticScore(space)
    front = found(ClimbedScore(score), problem).front
    assert problem.feasible(front.architectures).all()
    around = neighbours(problem, front.architectures)
    at = np.searchsorted(front.costs, problem.costs(around), side="right") - 1
    assert (score.evaluate(around) <= front.scores[np.maximum(at, 0)]).all()
    pairs = pairs_of_neighbours(problem, front.architectures[-1:])
    assert score.evaluate(pairs).max() == front.scores[-1]


def test_a_climb_is_the_same_again_and_says_how_much_it_has_scored() -> None:
    problem = widths_problem(0.5)
    score = SyntheticScore(problem.space)
    one, other = (climbed_front(score, problem, np.random.default_rng(3)) for _ in range(2))
    assert one.how == other.how
    assert np.array_equal(one.front.architectures, other.front.architectures)
    assert "networks were scored until no other choice in one slot improves it" in one.how


def test_a_sum_is_searched_exactly_and_said_to_be_one() -> None:
    problem = macro_problem(0.5)
    score = Trellis.of(macro(), PARAMETERS)
    answer = found(SumScore(score), problem)
    assert answer.how == "exact: the score is a sum over slots"
    assert np.array_equal(answer.front.scores, exact_front(score, problem).scores)


def test_pairs_of_neighbours_are_searched_exactly() -> None:
    problem, generator = macro_problem(0.5), np.random.default_rng(0)
    values = [generator.random(3) for _ in range(8)]
    pairs = [None, *(generator.random((3, 3)) for _ in range(7))]
    score = Trellis.from_values(macro(), "score", "", 0.0, values, pairs)
    answer = found(SumScore(score), problem)
    every = every_architecture(macro())
    every = every[problem.feasible(every)]
    expected = every_front_point(problem.costs(every), score.evaluate(every))
    assert list(zip(answer.front.costs, answer.front.scores, strict=True)) == expected
    assert answer.how == "exact: the score is a sum over slots and pairs of neighbours"


def test_known_scores_are_looked_up() -> None:
    problem, every = macro_problem(0.5), every_architecture(macro())
    listed = ListedScore(every, macro_accuracy(every))
    answer = found(listed, problem)
    some = every[problem.feasible(every)]
    assert answer.front.scores[-1] == macro_accuracy(some).max()
    assert answer.how == "exact: the scores of all 3,969 networks are known"
    assert np.array_equal(listed.evaluate(every[::-7]), macro_accuracy(every[::-7]))


def test_with_budgets_on_many_costs_the_best_is_exact() -> None:
    space = load_space("mobilenet_v3_small")
    generator = np.random.default_rng(0)
    laid = [
        Trellis.from_values(space, str(n), "", 0.0, [generator.random(c) for c in counts])
        for n, counts in enumerate([space.choice_counts.tolist()] * 3)
    ]
    score, *others = laid
    costs = [*others, Trellis.of(space, MACS)]
    budgets = tuple(Limit(c, c.range[0] + 0.4 * (c.range[1] - c.range[0])) for c in costs)
    problem = SearchProblem(space, costs[0], budgets)
    answer = found(SumScore(score), problem)
    best = exact_best(score, replace(problem))
    assert answer.front.scores[-1] == score.evaluate(best[None])[0]
    assert "exact for the best network" in answer.how
