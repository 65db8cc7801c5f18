"""What every searcher of the registry must do."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.errors import BudgetError
from hwnas.runs.journal import Journal
from hwnas.search import SEARCHERS, Budget, Searcher, SearchProblem, Trellis, searcher_class
from hwnas.search.front import front_of
from hwnas.search.run_search import run_search
from hwnas.spaces import Architectures, load_space
from tests.hwnas.search.problems import (
    every_architecture,
    macro,
    macro_problem,
    small_space,
    synthetic_score,
)

Score = Callable[[Architectures], NDArray[np.float64]]

every_searcher = pytest.mark.parametrize("name", SEARCHERS)


def batches(searcher: Searcher) -> list[Architectures]:
    """All that a searcher asks for, told the synthetic score; fails if it never ends."""
    asked = []
    for _ in range(2000):
        rows = searcher.ask()
        if not len(rows):
            return asked
        asked.append(rows)
        searcher.tell(rows, synthetic_score(rows))
    pytest.fail("the search does not end")


def everything_asked(searcher: Searcher) -> list[tuple[int, ...]]:
    return [tuple(row) for rows in batches(searcher) for row in rows.tolist()]


def large_problem(share: float) -> SearchProblem:
    """MobileNetV3's space with random costs and a budget at a share of their range."""
    space = load_space("mobilenet_v3_large")
    generator = np.random.default_rng(0)
    values = [np.sort(generator.random(count)) for count in space.choice_counts]
    cost = Trellis.from_values(space, "latency", "ms", 1.0, values)
    least, greatest = cost.range
    return SearchProblem(space, cost, (Budget(cost, least + share * (greatest - least)),))


def tiny_problem(choices: int, bound: float = 100.0) -> SearchProblem:
    """One slot; its choices cost 1, 2, 3 ms."""
    space = small_space(((1, 1),), (3, 5, 7)[:choices])
    cost = Trellis.from_values(space, "latency", "ms", 0.0, [[1.0, 2.0, 3.0][:choices]])
    return SearchProblem(space, cost, (Budget(cost, bound),))


@every_searcher
@pytest.mark.parametrize("quantile", [0.001, 0.1, 0.5, 1.0])
def test_networks_within_the_budget_are_found(name: str, quantile: float) -> None:
    problem = macro_problem(quantile)
    asked = np.array(everything_asked(searcher_class(name)(problem, 120, seed=0)))
    assert problem.feasible(asked).any()


@every_searcher
def test_an_unreachable_budget_is_refused_with_the_reachable_range(name: str) -> None:
    with pytest.raises(BudgetError, match=r"0\.5 ms is out of reach: .* take 1 to 3 ms"):
        searcher_class(name)(tiny_problem(3, bound=0.5), 10, seed=0)


@every_searcher
def test_budgets_out_of_reach_together_are_refused(name: str) -> None:
    problem = tiny_problem(2)
    other = Trellis.from_values(problem.space, "size", "bytes", 0.0, [[9.0, 1.0]])
    budgets = (Budget(problem.cost, 1.0), Budget(other, 5.0))
    with pytest.raises(BudgetError, match="keeps all budgets together"):
        searcher_class(name)(SearchProblem(problem.space, problem.cost, budgets), 10, seed=0)


@every_searcher
def test_the_same_seed_asks_for_the_same(name: str) -> None:
    one, other = (
        everything_asked(searcher_class(name)(macro_problem(0.5), 60, seed=3)) for _ in range(2)
    )
    assert one == other


@every_searcher
def test_another_seed_asks_for_something_else(name: str) -> None:
    # A limit short enough that the sweep of LayerNAS has to choose, too.
    one, other = (
        everything_asked(searcher_class(name)(macro_problem(0.5), 60, seed=seed))
        for seed in range(2)
    )
    assert one != other


@every_searcher
@pytest.mark.parametrize("limit", [1, 2, 5, 17, 100])
def test_no_architecture_is_asked_twice_and_the_limit_is_kept(name: str, limit: int) -> None:
    asked = everything_asked(searcher_class(name)(macro_problem(0.5), limit, seed=0))
    assert len(set(asked)) == len(asked) <= limit


@every_searcher
@pytest.mark.parametrize("share", [0.03, 0.4])
def test_a_large_space_uses_the_limit(name: str, share: float) -> None:
    asked = everything_asked(searcher_class(name)(large_problem(share), 150, seed=0))
    if name == "layernas":  # a sweep has an end of its own
        assert 0 < len(asked) <= 150
    else:
        assert len(asked) == 150


@every_searcher
def test_all_that_is_asked_is_canonical(name: str) -> None:
    asked = np.array(everything_asked(searcher_class(name)(macro_problem(0.5), 150, seed=0)))
    assert (macro().canonical(asked) == asked).all()


@every_searcher
def test_two_budgets_are_both_kept_by_what_is_found(name: str) -> None:
    cost = macro_problem(0.5)
    generator = np.random.default_rng(0)
    values = [generator.random(count) for count in macro().choice_counts]
    other = Trellis.from_values(macro(), "energy", "mJ", 0.0, values)
    bound = float(np.quantile(other.evaluate(every_architecture(macro())), 0.3))
    problem = SearchProblem(macro(), cost.cost, (*cost.budgets, Budget(other, bound)))
    asked = np.array(everything_asked(searcher_class(name)(problem, 100, seed=0)))
    front = front_of(problem, asked, synthetic_score(asked))
    assert len(front.scores) > 0
    assert (other.evaluate(front.architectures) <= bound).all()


@every_searcher
def test_it_finds_better_than_the_middling(name: str) -> None:
    problem, every = macro_problem(0.5), every_architecture(macro())
    scores = synthetic_score(every[problem.feasible(every)])
    asked = np.array(everything_asked(searcher_class(name)(problem, 150, seed=0)))
    found = front_of(problem, asked, synthetic_score(asked)).scores[-1]
    assert found >= np.quantile(scores, 0.95)


@every_searcher
@pytest.mark.parametrize(("choices", "bound", "count"), [(2, 100.0, 2), (3, 2.0, 2), (1, 9.0, 1)])
def test_a_tiny_space_is_exhausted_and_the_search_ends(
    name: str, choices: int, bound: float, count: int
) -> None:
    problem = tiny_problem(choices, bound)
    searcher = searcher_class(name)(problem, 50, seed=0)
    asked = []
    while len(rows := searcher.ask()):
        asked += rows.tolist()
        searcher.tell(rows, rows[:, 0].astype(np.float64))
    assert sorted(asked) == [[index] for index in range(count)]


@every_searcher
def test_a_search_that_has_seen_everything_ends(name: str) -> None:
    problem = macro_problem(0.002)
    feasible = every_architecture(macro())
    feasible = feasible[problem.feasible(feasible)]
    asked = np.array(everything_asked(searcher_class(name)(problem, 500, seed=0)))
    kept = asked[problem.feasible(asked)]
    assert len(kept) <= len(feasible)
    if name in ("surrogate", "random"):
        assert sorted(kept.tolist()) == feasible.tolist()


def contents(path: Path) -> tuple[list[list[int]], list[float], dict[tuple[int, ...], set[str]]]:
    with Journal(path) as journal:
        architectures, scores = journal.evaluations()
        return architectures.tolist(), scores.tolist(), journal.searchers_of()


@every_searcher
@pytest.mark.parametrize("killed_after", [0, 1, 23, 59])
def test_an_interrupted_search_resumes_and_evaluates_nothing_twice(
    name: str, killed_after: int, tmp_path: Path
) -> None:
    problem, evaluated = macro_problem(0.5), 0

    def score(rows: Architectures) -> NDArray[np.float64]:
        nonlocal evaluated
        evaluated += 1
        return synthetic_score(rows)

    def interrupted(rows: Architectures) -> NDArray[np.float64]:
        if evaluated == killed_after:
            raise KeyboardInterrupt
        return score(rows)

    def run(path: Path, objective: Score) -> None:
        with Journal(path) as journal:
            run_search(searcher_class(name)(problem, 60, seed=1), objective, journal)

    run(tmp_path / "whole.sqlite", score)
    whole, evaluated = evaluated, 0
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed.sqlite", interrupted)
    run(tmp_path / "killed.sqlite", score)
    assert evaluated == whole
    assert contents(tmp_path / "killed.sqlite") == contents(tmp_path / "whole.sqlite")
