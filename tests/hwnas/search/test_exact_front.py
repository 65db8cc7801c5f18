import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.core.errors import BudgetError
from hwnas.search.exact.exact_front import exact_best, exact_front
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace
from tests.hwnas.search.problems import (
    every_architecture,
    every_front_point,
    macro,
    macro_problem,
    small_space,
)

# Few distinct values make ties; thirds and tenths make sums that depend on their order.
VALUES = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.7, 1.0, 1 / 3, -0.1, 1e6, 3.3])
SPACES = st.builds(
    small_space,
    st.lists(st.sampled_from([(0, 2), (1, 3), (0, 3), (1, 1), (2, 2)]), min_size=1, max_size=2).map(
        tuple
    ),
    st.sampled_from([(3,), (3, 5), (3, 5, 7)]),
)


def draw_trellis(data: st.DataObject, space: SearchSpace, name: str) -> Trellis:
    rows = [
        data.draw(st.lists(VALUES, min_size=count, max_size=count))
        for count in space.choice_counts.tolist()
    ]
    return Trellis.from_values(space, name, "u", data.draw(VALUES), rows)


def check_against_brute_force(score: Trellis, problem: SearchProblem) -> None:
    rows = every_architecture(problem.space)
    rows = rows[problem.feasible(rows)]
    if not len(rows):
        with pytest.raises(BudgetError):
            exact_front(score, problem)
        return
    front = exact_front(score, problem)
    found = list(zip(front.costs.tolist(), front.scores.tolist(), strict=True))
    assert found == every_front_point(problem.costs(rows), score.evaluate(rows))
    assert problem.feasible(front.architectures).all()
    assert (problem.space.canonical(front.architectures) == front.architectures).all()
    assert (problem.costs(front.architectures) == front.costs).all()
    assert (score.evaluate(front.architectures) == front.scores).all()


@settings(max_examples=60, deadline=None)
@given(SPACES, st.data())
def test_front_equals_brute_force_with_a_budget_on_the_cost(
    space: SearchSpace, data: st.DataObject
) -> None:
    score, cost = draw_trellis(data, space, "score"), draw_trellis(data, space, "cost")
    values = cost.evaluate(every_architecture(space))
    # A bound that some network has to the last bit.
    bound = float(data.draw(st.sampled_from(values.tolist())))
    check_against_brute_force(score, SearchProblem(space, cost, (Limit(cost, bound),)))


@settings(max_examples=60, deadline=None)
@given(SPACES, st.data())
def test_front_equals_brute_force_with_budgets_on_two_costs(
    space: SearchSpace, data: st.DataObject
) -> None:
    score, cost, other = (draw_trellis(data, space, name) for name in ("score", "cost", "other"))
    rows = every_architecture(space)
    budgets = tuple(
        Limit(trellis, float(data.draw(st.sampled_from(trellis.evaluate(rows).tolist()))))
        for trellis in (cost, other)
    )
    check_against_brute_force(score, SearchProblem(space, cost, budgets))


def test_front_without_budgets_is_that_of_the_whole_space() -> None:
    generator = np.random.default_rng(0)
    values = [generator.random(count) for count in macro().choice_counts]
    score = Trellis.from_values(macro(), "score", "", 0.0, values)
    check_against_brute_force(score, macro_problem())


def test_best_has_the_greatest_score_within_the_budget() -> None:
    generator = np.random.default_rng(1)
    values = [generator.random(count) for count in macro().choice_counts]
    score = Trellis.from_values(macro(), "score", "", 0.0, values)
    problem = macro_problem(0.3)
    rows = every_architecture(macro())
    best = exact_best(score, problem)
    assert score.evaluate(best[None])[0] == score.evaluate(rows[problem.feasible(rows)]).max()


def test_budgets_that_only_together_are_out_of_reach_are_refused_with_their_ranges() -> None:
    space = small_space(((1, 1),), (3, 5))
    one = Trellis.from_values(space, "latency", "ms", 0.0, [[1.0, 9.0]])
    other = Trellis.from_values(space, "size", "bytes", 0.0, [[9.0, 1.0]])
    problem = SearchProblem(space, one, (Limit(one, 5.0), Limit(other, 5.0)))
    with pytest.raises(BudgetError, match=r"latency 5 ms of 1 to 9, size 5 bytes of 1 to 9"):
        exact_front(one, problem)
