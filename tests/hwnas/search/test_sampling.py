import numpy as np
import pytest

from hwnas.search.exact.sampling import enumerate_feasible, sample_feasible
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import load_space
from tests.hwnas.search.problems import every_architecture, macro, macro_problem


def tight_problem(budgets: int, share: float) -> SearchProblem:
    """A large space with random costs, each bounded a little above its least."""
    space = load_space("mobilenet_v3_large")
    generator = np.random.default_rng(5)
    bounds = []
    for index in range(budgets):
        values = [generator.random(count) for count in space.choice_counts]
        trellis = Trellis.from_values(space, f"cost {index}", "ms", 0.0, values)
        least, greatest = trellis.range
        bounds.append(Limit(trellis, least + share * (greatest - least)))
    return SearchProblem(space, bounds[0].trellis, tuple(bounds))


def check_distinct_feasible(problem: SearchProblem, rows: np.ndarray) -> None:
    assert problem.feasible(rows).all()
    assert (problem.space.canonical(rows) == rows).all()
    assert len(np.unique(rows, axis=0)) == len(rows)


@pytest.mark.parametrize(("budgets", "share"), [(1, 0.5), (1, 0.02), (2, 0.3)])
def test_a_large_space_yields_as_many_as_wanted_however_tight(budgets: int, share: float) -> None:
    problem = tight_problem(budgets, share)
    rows = sample_feasible(problem, np.random.default_rng(0), 30)
    assert len(rows) == 30
    check_distinct_feasible(problem, rows)


def test_budgets_that_hardly_agree_still_yield_something() -> None:
    problem = tight_problem(2, 0.21)
    rows = sample_feasible(problem, np.random.default_rng(0), 5)
    assert len(rows) > 0
    check_distinct_feasible(problem, rows)


def test_a_small_space_is_exhausted_exactly() -> None:
    problem = macro_problem(0.02)
    rows = sample_feasible(problem, np.random.default_rng(0), 1000)
    every = every_architecture(macro())
    assert sorted(rows.tolist()) == every[problem.feasible(every)].tolist()


def test_seen_architectures_are_not_drawn() -> None:
    problem = macro_problem(0.02)
    first = sample_feasible(problem, np.random.default_rng(0), 50)
    seen = {tuple(row) for row in first.tolist()}
    second = sample_feasible(problem, np.random.default_rng(0), 1000, seen)
    assert seen.isdisjoint(tuple(row) for row in second.tolist())
    assert len(first) + len(second) == problem.feasible(every_architecture(macro())).sum()


def test_enumeration_stops_beyond_its_limit() -> None:
    assert enumerate_feasible(macro_problem(), 3968) is None
    found = enumerate_feasible(macro_problem(), 3969)
    assert found is not None
    assert sorted(found.tolist()) == every_architecture(macro()).tolist()
