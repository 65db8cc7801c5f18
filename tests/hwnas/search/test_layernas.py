import numpy as np
import pytest

from hwnas.search import Budget, SearchProblem, Trellis
from hwnas.search.layernas import LayerNAS, LayerNASSettings
from hwnas.spaces import load_space
from tests.hwnas.search.problems import (
    every_architecture,
    macro,
    macro_accuracy,
    macro_problem,
    synthetic_score,
)


def gap_to_the_optimum(quantile: float, keep: int, limit: int) -> float:
    """Best feasible accuracy of NAS-Bench-Macro minus the best that a sweep finds, in points."""
    problem = macro_problem(quantile)
    searcher = LayerNAS(problem, limit, seed=0, settings=LayerNASSettings(buckets=30, keep=keep))
    while len(rows := searcher.ask()):
        searcher.tell(rows, macro_accuracy(rows))
    told = np.array(list(searcher.scores))
    every = every_architecture(macro())
    best = macro_accuracy(every[problem.feasible(every)]).max()
    return float(best - macro_accuracy(told[problem.feasible(told)]).max())


@pytest.mark.parametrize("quantile", [0.1, 0.25, 0.75, 1.0])
def test_30_buckets_of_3_find_the_feasible_optimum_of_nas_bench_macro(quantile: float) -> None:
    assert gap_to_the_optimum(quantile, keep=3, limit=700) == 0.0


def test_30_buckets_of_3_miss_the_optimum_at_the_median_by_the_assumptions_error() -> None:
    # Not the limit's doing, which is not reached: five a bucket find it, three do not.
    assert gap_to_the_optimum(0.5, keep=3, limit=700) == pytest.approx(0.15, abs=0.001)


@pytest.mark.parametrize("quantile", [0.1, 0.25, 0.5, 0.75, 1.0])
def test_30_buckets_of_5_find_the_feasible_optimum_of_nas_bench_macro(quantile: float) -> None:
    assert gap_to_the_optimum(quantile, keep=5, limit=1000) == 0.0


@pytest.mark.parametrize("limit", [1, 3, 8, 20, 60])
def test_a_short_limit_still_ends_with_feasible_networks(limit: int) -> None:
    space = load_space("mobilenet_v3_large")
    generator = np.random.default_rng(0)
    values = [generator.random(count) for count in space.choice_counts]
    cost = Trellis.from_values(space, "latency", "ms", 0.0, values)
    bound = cost.range[0] * 0.9 + cost.range[1] * 0.1
    problem = SearchProblem(space, cost, (Budget(cost, bound),))
    searcher = LayerNAS(problem, limit, seed=0)
    last = rows = searcher.ask()
    while len(rows):
        searcher.tell(rows, synthetic_score(rows))
        last, rows = rows, searcher.ask()
    assert problem.feasible(last).all()
    assert len(searcher.scores) <= limit


def test_budgets_that_hardly_agree_still_end_with_feasible_networks() -> None:
    space = load_space("mobilenet_v3_large")
    generator = np.random.default_rng(5)
    bounds = []
    for name in ("latency", "size"):
        values = [generator.random(count) for count in space.choice_counts]
        trellis = Trellis.from_values(space, name, "u", 0.0, values)
        least, greatest = trellis.range
        bounds.append(Budget(trellis, least + 0.22 * (greatest - least)))
    problem = SearchProblem(space, bounds[0].trellis, tuple(bounds))
    searcher = LayerNAS(problem, 100, seed=0)
    while len(rows := searcher.ask()):
        searcher.tell(rows, synthetic_score(rows))
    assert problem.feasible(np.array(list(searcher.scores))).any()


def test_a_child_equal_to_its_parent_costs_no_evaluation() -> None:
    searcher = LayerNAS(macro_problem(), 700, seed=0)
    first = searcher.ask()
    searcher.tell(first, synthetic_score(first))
    second = searcher.ask()
    # Three choices each; the costliest choice of the second slot is the default of the first.
    assert (len(first), len(second)) == (3, 6)
