"""The searcher that begins at networks which are known to be good."""

from dataclasses import replace

import numpy as np

from hwnas.search.run_search import settings_digest
from hwnas.search.searchers import make_searcher
from hwnas.testing.search_problems import large_problem


def test_half_of_the_networks_differ_from_the_start_in_few_slots() -> None:
    problem = large_problem(0.9)
    rows = problem.space.sample(np.random.default_rng(0), 500)
    start = rows[problem.feasible(rows)][:1]
    searcher = make_searcher("around", replace(problem, start=start), 40, 0)
    asked = searcher.ask()
    assert len(asked) == 20
    assert (asked[0] == start[0]).all()
    changed = (asked[1:] != start[0]).sum(axis=1)
    others = (rows[1:20] != start[0]).sum(axis=1)
    assert np.median(changed) < 0.5 * np.median(others)
    assert problem.feasible(asked).all()


def test_a_start_beyond_the_budgets_is_made_cheaper() -> None:
    problem = large_problem(0.2)
    starts = problem.cost.negated.completed(np.array([[0]]))
    assert not problem.feasible(starts).any()
    asked = make_searcher("around", replace(problem, start=starts), 20, 0).ask()
    assert len(asked) == 10
    assert problem.feasible(asked).all()


def test_another_start_is_another_search() -> None:
    problem = large_problem(0.5)
    starts = problem.space.sample(np.random.default_rng(0), 2)
    digests = {
        settings_digest(replace(problem, start=one), "around", 40, 0)
        for one in (None, starts[:1], starts[1:])
    }
    assert len(digests) == 3
