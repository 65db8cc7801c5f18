import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.search.exact.completion import OPEN, Partials
from hwnas.search.problem import SearchProblem
from tests.hwnas.search.random_spaces import MaskedSpace, random_problem


def drawn(seed: int) -> tuple[SearchProblem, np.ndarray, Partials]:
    """A problem, all its architectures, and some of them with slots opened."""
    generator = np.random.default_rng(seed)
    _, problem, _ = random_problem(generator, 2, 1)
    assert isinstance(problem.space, MaskedSpace)
    every = problem.space.every()
    rows = generator.choice(every, size=8)
    rows[generator.random(rows.shape) < 0.5] = OPEN
    if problem.space.sheets > 1:
        rows[:, 0] = generator.integers(problem.space.choice_counts[0], size=len(rows))
    return problem, every, Partials(problem, rows)


def completions(every: np.ndarray, partial: np.ndarray) -> np.ndarray:
    found = every[((partial == OPEN) | (every == partial)).all(axis=1)]
    return np.asarray(found)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_least_costs_and_completable_equal_brute_force(seed: int) -> None:
    problem, every, partials = drawn(seed)
    kept = partials.completable()
    for index, partial in enumerate(partials.rows):
        ways = completions(every, partial)
        if not len(ways):
            assert np.isinf(partials.least_costs[index])
            assert not kept[index]
            continue
        least = problem.costs(ways).min()
        assert partials.least_costs[index] == pytest.approx(least, rel=1e-9, abs=1e-9)
        budget = problem.limits[0]
        # Another order of adding up may round a bound away; nothing feasible is ever lost.
        assert kept[index] >= problem.feasible(ways).any()
        assert kept[index] == (problem.costs(ways).min() <= budget.bound + 2 * budget.rounding)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_filled_keeps_what_is_decided_and_the_budget(seed: int, within: bool, alike: bool) -> None:
    problem, every, drawn_partials = drawn(seed)
    partials = Partials(problem, drawn_partials.rows[drawn_partials.completable()])
    rows = partials.filled(within, every[-1] if alike else None)
    for partial, row in zip(partials.rows, rows, strict=True):
        ways = completions(every, partial)
        assert row.tolist() in ways.tolist()
        if within:
            budget = problem.limits[0]
            assert problem.costs(row[None])[0] <= budget.bound + 2 * budget.rounding
        elif not alike:
            costliest = problem.costs(ways).max()
            assert problem.costs(row[None])[0] == pytest.approx(costliest, rel=1e-9, abs=1e-9)
