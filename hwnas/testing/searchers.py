"""What every searcher must do, as a suite that a searcher of your own can be held to.

import pytest
from hwnas.testing.searchers import SearcherContract

class TestTabuSearch(SearcherContract):
@pytest.fixture
def searcher(self):
return TabuSearch
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.core.configs import StrictModel
from hwnas.core.errors import BudgetError
from hwnas.search.exact.climbed import ClimbedScore
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.journal import Journal
from hwnas.search.problem import CheckedLimit, Limit, SearchProblem
from hwnas.search.run_search import run_searcher
from hwnas.search.score import Score
from hwnas.search.searchers import make_searcher
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, load_space
from hwnas.testing.search_problems import (
    MostKernels,
    SyntheticScore,
    every_architecture,
    family_problem,
    large_problem,
    macro,
    macro_problem,
    synthetic_score,
    tiny_problem,
    widths_problem,
)
from hwnas.testing.simulated_workers import SimulatedWorkers

_MOST_QUESTIONS = 2000

_Contents = tuple[list[list[int]], list[float], dict[str, list[bool]]]


def make(
    searcher: type[Searcher], problem: SearchProblem, evaluations: int, seed: int = 0
) -> Searcher:
    """A searcher, with the synthetic score where it needs to know one beforehand."""
    if searcher.needs_known_score:
        problem = replace(problem, score=ClimbedScore(SyntheticScore(problem.space)))
    return searcher(problem, evaluations, seed)


def everything_asked(searcher: Searcher, score: Score = synthetic_score) -> list[tuple[int, ...]]:
    """All that a searcher asks for; fails if it never ends."""
    asked: list[tuple[int, ...]] = []
    for _ in range(_MOST_QUESTIONS):
        rows = searcher.ask()
        if not len(rows):
            return asked
        asked += [tuple(row) for row in rows.tolist()]
        searcher.tell(rows, score(rows))
    pytest.fail("the search does not end")


def architectures_asked(searcher: Searcher) -> Architectures:
    """(N, L) the same as an array."""
    return np.array(everything_asked(searcher), dtype=np.int64)


class SearcherContract:
    """The suite; a subclass names the searcher by the fixture `searcher`."""

    @pytest.fixture
    def searcher(self) -> type[Searcher]:
        """The class that is tested."""
        raise NotImplementedError("override the fixture 'searcher' with the class to test")

    def test_it_has_a_name_and_a_default_for_every_setting(self, searcher: type[Searcher]) -> None:
        """Configs name it, and may leave its settings out."""
        assert searcher.name
        assert searcher.name == searcher.name.strip()
        assert isinstance(searcher.settings_model(), StrictModel)

    @pytest.mark.parametrize("quantile", [0.001, 0.1, 0.5, 1.0])
    def test_networks_within_the_budget_are_found(
        self, searcher: type[Searcher], quantile: float
    ) -> None:
        """However few of the space they are."""
        problem = macro_problem(quantile)
        found = problem.feasible(architectures_asked(make(searcher, problem, 120)))
        assert found.all() if searcher.keeps_limits else found.any()

    def test_an_unreachable_budget_is_refused_with_the_reachable_range(
        self, searcher: type[Searcher]
    ) -> None:
        """Before anything is evaluated."""
        with pytest.raises(BudgetError, match=r"0\.5 ms is out of reach: .* take 1 to 3 ms"):
            make(searcher, tiny_problem(3, bound=0.5), 10)

    def test_budgets_out_of_reach_together_are_refused(self, searcher: type[Searcher]) -> None:
        """Each of them alone can be kept."""
        problem = tiny_problem(2)
        other = Trellis.from_values(problem.space, "size", "bytes", 0.0, [[9.0, 1.0]])
        limits = (Limit(problem.cost, 1.0), Limit(other, 5.0))
        with pytest.raises(BudgetError, match="keeps all budgets together"):
            make(searcher, SearchProblem(problem.space, problem.cost, limits), 10)

    def test_the_same_seed_asks_for_the_same(self, searcher: type[Searcher]) -> None:
        """Interrupted searches are resumed by asking again."""
        one, other = (
            everything_asked(make(searcher, macro_problem(0.5), 60, seed=3)) for _ in range(2)
        )
        assert one == other

    def test_another_seed_asks_for_something_else(self, searcher: type[Searcher]) -> None:
        """At a limit so short that every searcher has to choose."""
        if searcher.needs_known_score:
            pytest.skip("the front of a known score is the same with every seed")
        one, other = (
            everything_asked(make(searcher, macro_problem(0.5), 60, seed)) for seed in range(2)
        )
        assert one != other

    @pytest.mark.parametrize("limit", [1, 2, 5, 17, 100])
    def test_no_architecture_is_asked_twice_and_the_limit_is_kept(
        self, searcher: type[Searcher], limit: int
    ) -> None:
        """An evaluation may take minutes."""
        asked = everything_asked(make(searcher, macro_problem(0.5), limit))
        assert len(set(asked)) == len(asked) <= limit

    @pytest.mark.parametrize("share", [0.03, 0.4])
    def test_a_large_space_uses_the_limit(self, searcher: type[Searcher], share: float) -> None:
        """Where there are enough networks, all evaluations are used."""
        asked = everything_asked(make(searcher, large_problem(share), 90))
        assert 0 < len(asked) <= 90 if searcher.ends_early else len(asked) == 90

    @pytest.mark.parametrize("share", [0.1, 0.6])
    def test_forbidden_transitions_are_never_asked_for(
        self, searcher: type[Searcher], share: float
    ) -> None:
        """Some choices of a slot may not follow each other."""
        problem = widths_problem(share)
        asked = architectures_asked(make(searcher, problem, 120))
        for slot in range(1, problem.length):
            assert problem.space.allowed(slot)[asked[:, slot - 1], asked[:, slot]].all()
        found = problem.feasible(asked)
        assert found.all() if searcher.keeps_limits else found.any()
        assert len(asked) == 120 or searcher.ends_early

    def test_a_family_is_searched_at_all_its_resolutions(self, searcher: type[Searcher]) -> None:
        """The first slot may decide about all others."""
        problem = family_problem(0.5)
        asked = architectures_asked(make(searcher, problem, 80))
        found = asked[problem.feasible(asked)]
        assert set(found[:, 0].tolist()) == {0, 1} or searcher.needs_known_score
        assert len(found) == 80 or searcher.ends_early

    def test_all_that_is_asked_is_canonical(self, searcher: type[Searcher]) -> None:
        """Equal networks are one architecture."""
        asked = _long_search(searcher, 0)
        assert (macro().canonical(asked) == asked).all()

    def test_two_budgets_are_both_kept_by_what_is_found(self, searcher: type[Searcher]) -> None:
        """On different costs."""
        problem = macro_problem(0.5)
        generator = np.random.default_rng(0)
        values = [generator.random(count) for count in macro().choice_counts]
        other = Trellis.from_values(macro(), "energy", "mJ", 0.0, values)
        bound = float(np.quantile(other.evaluate(every_architecture(macro())), 0.3))
        both = SearchProblem(macro(), problem.cost, (*problem.limits, Limit(other, bound)))
        asked = architectures_asked(make(searcher, both, 100))
        kept = (other.evaluate(asked) <= bound) & problem.feasible(asked)
        assert kept.all() if searcher.keeps_limits else kept.any()

    def test_a_budget_on_a_cost_that_is_no_sum_is_kept(self, searcher: type[Searcher]) -> None:
        """Nothing is known of it before a network is complete."""
        limit = CheckedLimit(macro(), MostKernels(), 1.0)
        problem = replace(macro_problem(0.5), tested=(limit,))
        asked = architectures_asked(make(searcher, problem, 80))
        kept = limit.kept(asked)
        assert kept.all() if searcher.keeps_limits else kept.any()

    def test_budgets_that_hardly_agree_end_no_search(self, searcher: type[Searcher]) -> None:
        """The more of one, the less of the other: each alone leaves many networks, both few."""
        space = load_space("mobilenet_v3_small")
        generator = np.random.default_rng(0)
        values = [generator.random(count) for count in space.choice_counts]
        one = Trellis.from_values(space, "one", "u", 0.0, values)
        turned = [1.0 - row + 0.2 * generator.random(len(row)) for row in values]
        other = Trellis.from_values(space, "other", "u", 0.0, turned)
        half = float(np.mean(one.range))
        free = SearchProblem(space, other, (Limit(one, half),))
        least = float(other.evaluate(exact_best(other.negated, free)[None])[0])
        tight = least + 0.02 * (other.range[1] - other.range[0])
        problem = SearchProblem(space, one, (Limit(one, half), Limit(other, tight)))
        asked = architectures_asked(make(searcher, problem, 40))
        assert problem.feasible(asked).any()

    def test_it_finds_better_than_the_middling(self, searcher: type[Searcher]) -> None:
        """The best of 150 is among the best twentieth of the space."""
        problem, every = macro_problem(0.5), every_architecture(macro())
        scores = synthetic_score(every[problem.feasible(every)])
        found = []
        for seed in range(3):
            asked = _long_search(searcher, seed)
            found.append(problem.front(asked, synthetic_score(asked)).scores[-1])
        assert np.median(found) >= np.quantile(scores, 0.95)

    @pytest.mark.parametrize(
        ("choices", "bound", "count"), [(2, 100.0, 2), (3, 2.0, 2), (1, 9.0, 1)]
    )
    def test_a_tiny_space_is_exhausted_and_the_search_ends(
        self, searcher: type[Searcher], choices: int, bound: float, count: int
    ) -> None:
        """Fewer networks than evaluations."""
        made = make(searcher, tiny_problem(choices, bound), 50)
        asked = everything_asked(made, lambda rows: rows[:, 0].astype(np.float64))
        assert sorted(asked) == [(index,) for index in range(count)]

    def test_a_search_that_has_seen_everything_ends(self, searcher: type[Searcher]) -> None:
        """Few networks keep the budget, and all are asked for."""
        problem = macro_problem(0.002)
        every = every_architecture(macro())
        every = every[problem.feasible(every)]
        asked = architectures_asked(make(searcher, problem, 500))
        kept = asked[problem.feasible(asked)]
        assert len(kept) <= len(every)
        if not searcher.ends_early:
            assert sorted(kept.tolist()) == every.tolist()

    @pytest.mark.parametrize("killed_after", ["none", "one", "a third", "all but one"])
    def test_an_interrupted_search_resumes_and_evaluates_nothing_twice(
        self, searcher: type[Searcher], killed_after: str, tmp_path: Path
    ) -> None:
        """From its journal, which then is that of an uninterrupted search."""
        evaluated = 0

        def score(rows: Architectures) -> NDArray[np.float64]:
            nonlocal evaluated
            evaluated += 1
            return synthetic_score(rows)

        whole, contents = _uninterrupted(searcher)
        moment = {"none": 0, "one": 1, "a third": whole // 3, "all but one": whole - 1}

        def interrupted(rows: Architectures) -> NDArray[np.float64]:
            if evaluated == moment[killed_after]:
                raise KeyboardInterrupt
            return score(rows)

        with pytest.raises(KeyboardInterrupt):
            _run(searcher, tmp_path / "killed.sqlite", interrupted)
        _run(searcher, tmp_path / "killed.sqlite", score)
        assert evaluated == whole
        assert _contents(tmp_path / "killed.sqlite") == contents

    @pytest.mark.parametrize("workers", [1, 3, 90])
    def test_an_asynchronous_search_keeps_the_rules_and_is_resumed(
        self, searcher: type[Searcher], workers: int, tmp_path: Path
    ) -> None:
        """Where the searcher says that it can; killed, it goes on and evaluates nothing twice."""
        if searcher.asynchronous is None:
            pytest.skip("needs all scores of a question before the next")
        problem, evaluated = macro_problem(0.5), list[tuple[int, ...]]()

        def score(rows: Architectures) -> NDArray[np.float64]:
            if len(evaluated) == 30 and not killed:
                killed.append(True)
                raise KeyboardInterrupt
            evaluated.append(tuple(rows[0].tolist()))
            return synthetic_score(rows)

        def run() -> Architectures:
            executor = SimulatedWorkers(workers, lambda one: 0.2 + one.architecture.sum() % 5)
            made = make_searcher(searcher, problem, 60, 1, mode="asynchronous")
            with Journal(tmp_path / "run.sqlite") as journal:
                found = run_searcher(made, score, journal, executor=executor, mode="asynchronous")
                assert len(journal.trials(searcher.name).asked()) == len(evaluated)
            return found.architectures

        killed: list[bool] = []
        with pytest.raises(KeyboardInterrupt):
            run()
        rows = run()
        assert problem.feasible(rows).all()
        assert len(evaluated) == len(set(evaluated)) == len(rows) == 60
        assert run().tolist() == rows.tolist()
        assert len(evaluated) == 60


@cache
def _long_search(searcher: type[Searcher], seed: int) -> Architectures:
    """(N, L) what a search for 150 networks asks for; the same for every test."""
    return architectures_asked(make(searcher, macro_problem(0.5), 150, seed))


@cache
def _uninterrupted(searcher: type[Searcher]) -> tuple[int, _Contents]:
    """How often `_run` evaluates, and its journal; the same for every test."""
    evaluated = 0

    def score(rows: Architectures) -> NDArray[np.float64]:
        nonlocal evaluated
        evaluated += 1
        return synthetic_score(rows)

    with TemporaryDirectory() as folder:
        path = Path(folder) / "whole.sqlite"
        _run(searcher, path, score)
        return evaluated, _contents(path)


def _run(searcher: type[Searcher], path: Path, score: Score) -> None:
    with Journal(path) as journal:
        run_searcher(make(searcher, macro_problem(0.5), 60, 1), score, journal)


def _contents(path: Path) -> _Contents:
    with Journal(path) as journal:
        architectures, scores = journal.evaluations()
        asked = {name: some.tolist() for name, some in journal.asked_by().items()}
        return architectures.tolist(), scores.tolist(), asked
