"""Every searcher works in a space whose slots have fewer choices, one of them, or unlike ones."""

import numpy as np
import pytest

from hwnas.search.policies.factors import factors
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers import SEARCHERS, make_searcher, needs_known_score
from hwnas.search.shrinkers.left import restricted
from hwnas.spaces.shrunk import shrunk_space
from hwnas.testing.search_problems import every_architecture, macro, macro_problem, synthetic_score

KEPT = [[2], [0, 2], [0, 1, 2], [0, 1], [0, 1, 2], [1, 2], [0, 1], [0, 2]]


def problem() -> SearchProblem:
    left = [np.isin(np.arange(3), some) for some in KEPT]
    return restricted(macro_problem(0.5), shrunk_space(macro(), KEPT), left)


def test_costs_are_those_of_the_same_networks_in_the_whole_space() -> None:
    some, whole = problem(), macro_problem(0.5)
    rows = every_architecture(some.space)  # type: ignore[arg-type]
    numbers = some.space.numbers_of(rows)  # type: ignore[attr-defined]
    assert some.costs(rows).tolist() == whole.costs(numbers).tolist()
    assert some.feasible(rows).tolist() == whole.feasible(numbers).tolist()
    assert len(factors(some.space)) == sum(map(len, KEPT))


@pytest.mark.parametrize("name", [one for one in SEARCHERS.ours if not needs_known_score(one)])
def test_a_searcher_asks_for_what_is_left(name: str) -> None:
    some = problem()
    searcher = make_searcher(name, some, 25, 0)
    count = 0
    while len(rows := searcher.ask()):
        assert some.feasible(rows).all()
        assert (some.space.canonical(rows) == rows).all()
        searcher.tell(rows, synthetic_score(rows))
        count += len(rows)
    assert 1 < count <= 25
