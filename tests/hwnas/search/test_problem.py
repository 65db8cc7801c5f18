import numpy as np
import pytest

from hwnas.core.errors import BudgetError
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from tests.hwnas.search.problems import every_architecture, small_space


def awkward_trellis(seed: int) -> Trellis:
    space = small_space(((0, 3), (1, 3)), (3, 5, 7))
    generator = np.random.default_rng(seed)
    values = [generator.normal(size=count) for count in space.choice_counts]
    return Trellis.from_values(space, "latency", "ms", 0.1, values)


@pytest.mark.parametrize("seed", range(20))
def test_range_is_to_the_last_bit_what_networks_have(seed: int) -> None:
    trellis = awkward_trellis(seed)
    values = trellis.evaluate(every_architecture(small_space(((0, 3), (1, 3)), (3, 5, 7))))
    assert trellis.range == (values.min(), values.max())


@pytest.mark.parametrize("seed", range(20))
def test_a_budget_of_exactly_the_least_is_reachable_at_every_prefix(seed: int) -> None:
    trellis = awkward_trellis(seed)
    space = small_space(((0, 3), (1, 3)), (3, 5, 7))
    problem = SearchProblem(space, trellis, (Limit(trellis, trellis.range[0]),))
    problem.check_reachable()
    rows = every_architecture(space)
    cheapest = rows[problem.feasible(rows)]
    assert len(cheapest) == 1
    for length in range(len(space.slots) + 1):
        assert problem.completable(cheapest[:, :length]).all()


def test_a_budget_below_the_least_is_refused_with_the_range() -> None:
    space = small_space(((1, 2),), (3, 5))
    cost = Trellis.from_values(space, "latency", "ms", 1.0, [[1.0, 2.0], [0.0, 1.0, 2.0]])
    problem = SearchProblem(space, cost, (Limit(cost, 1.9),))
    with pytest.raises(BudgetError, match=r"1\.9 ms is out of reach: .* take 2 to 5 ms"):
        problem.check_reachable()


def test_completable_prefixes_are_those_of_feasible_networks() -> None:
    space = small_space(((0, 3), (1, 2)), (3, 5))
    generator = np.random.default_rng(3)
    values = [generator.random(count) for count in space.choice_counts]
    cost = Trellis.from_values(space, "latency", "ms", 0.0, values)
    rows = every_architecture(space)
    bound = float(np.median(cost.evaluate(rows)))
    problem = SearchProblem(space, cost, (Limit(cost, bound),))
    feasible = rows[problem.feasible(rows)]
    for length in range(1, len(space.slots) + 1):
        prefixes = np.unique(rows[:, :length], axis=0)
        kept = {tuple(row) for row in prefixes[problem.completable(prefixes)].tolist()}
        assert kept == {tuple(row) for row in feasible[:, :length].tolist()}
