"""What every shrinker must do, as a suite that a shrinker of your own can be held to.

import pytest
from hwnas.testing.shrinkers import ShrinkerContract

class TestMine(ShrinkerContract):
@pytest.fixture
def shrinker(self):
return MyShrinker
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.core.configs import StrictModel
from hwnas.core.errors import BudgetError
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.problem import CheckedLimit, SearchProblem
from hwnas.search.shrinkers import Shrinker
from hwnas.search.shrinkers.plan import ShrinkPlan
from hwnas.search.shrinkers.shrinking import Shrunk, shrink
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures
from hwnas.spaces.space import keys
from hwnas.testing.policies import Toy
from hwnas.testing.search_problems import (
    MostKernels,
    every_architecture,
    family_problem,
    macro,
    macro_problem,
    tiny_problem,
)

_NETWORKS = 60


class ShrinkerContract:
    """The suite; a subclass names the shrinker by the fixture `shrinker`."""

    @pytest.fixture
    def shrinker(self) -> type[Shrinker]:
        """The class that is tested."""
        raise NotImplementedError("override the fixture 'shrinker' with the class to test")

    def test_it_has_a_name_and_a_default_for_every_setting(self, shrinker: type[Shrinker]) -> None:
        """Commands name it, and may leave its settings out."""
        assert shrinker.name
        assert shrinker.name == shrinker.name.strip()
        assert isinstance(shrinker.settings_model(), StrictModel)

    def test_it_depends_on_seed_and_scores_alone(self, shrinker: type[Shrinker]) -> None:
        """A stopped one is replayed; and the unit of the scores does not matter."""
        problem = macro_problem(0.5)
        asked = list[list[list[int]]]()
        found = list[Shrunk]()
        for factor in (1.0, 1.0, 1024.0):  # the same digits
            toy = Toy(problem, 0, factor)
            rows = list[list[int]]()
            found.append(_shrunk(shrinker, problem, toy, seed=3, rows=rows))
            asked.append(rows)
        assert asked[0] == asked[1] == asked[2]
        assert found[0] == found[1]
        assert found[0].kept == found[2].kept

    @pytest.mark.parametrize(
        "make",
        [partial(macro_problem, 0.05), partial(family_problem, 0.3)],
        ids=["macro at 5 %", "family"],
    )
    def test_the_budgets_can_be_kept_by_what_is_left(
        self, shrinker: type[Shrinker], make: Callable[[], SearchProblem]
    ) -> None:
        """And nothing else is judged; of a family no member goes."""
        problem, rows = make(), list[list[int]]()
        found = _shrunk(shrinker, problem, Toy(problem, 0), rows=rows, keep=1e-9)
        judged = np.array(rows)
        assert problem.feasible(judged).all()
        assert (problem.space.canonical(judged) == judged).all()
        every = every_architecture(found.space)
        assert problem.feasible(found.space.numbers_of(every)).any()
        assert found.share > 0
        assert len(found.space.members) == len(found.whole.members)

    def test_no_slot_is_ever_empty(self, shrinker: type[Shrinker]) -> None:
        """However little is to be left, and whatever there is to take."""
        for problem in (macro_problem(), tiny_problem(3), tiny_problem(1)):
            found = _shrunk(shrinker, problem, Toy(problem, 1), keep=1e-9)
            assert all(found.kept)
            assert found.space.size >= 1
            assert found.judged <= 3 * _NETWORKS

    def test_a_share_is_left(self, shrinker: type[Shrinker]) -> None:
        """What goes is told of, each choice once, and why."""
        problem = macro_problem()
        found = _shrunk(shrinker, problem, Toy(problem, 0), keep=0.2)
        assert 0.2 <= found.share < 0.6
        assert list(found.shares) == sorted(found.shares, reverse=True)
        gone = {(one.slot, one.choice) for one in found.gone}
        left = {(slot, one) for slot, some in enumerate(found.kept) for one in some}
        assert len(gone) == len(found.gone)
        assert gone | left == {(s, c) for s in range(8) for c in range(3)}
        assert not gone & left
        assert all(one.why and 1 <= one.stage <= 3 for one in found.gone)

    def test_the_best_network_survives(self, shrinker: type[Shrinker]) -> None:
        """Of a sum of values of choices, without noise, in four of five cases at least."""
        survived = 0
        for seed in range(5):
            problem = macro_problem()
            toy = Toy(problem, seed)
            found = _shrunk(shrinker, problem, toy, seed=seed, keep=0.1)
            score = Trellis.from_values(macro(), "toy", "", 0.0, toy.values)
            survived += bool(found.space.has(exact_best(score, problem)[None])[0])
        assert survived >= 4

    def test_networks_to_start_from_are_never_lost(self, shrinker: type[Shrinker]) -> None:
        """However bad they are."""
        problem = macro_problem()
        toy = Toy(problem, 0)
        worst = Trellis.from_values(macro(), "bad", "", 0.0, [-one for one in toy.values])
        start = exact_best(worst, problem)[None]
        found = _shrunk(shrinker, replace(problem, start=start), toy, keep=1e-9)
        assert found.space.has(start).all()

    def test_budgets_that_are_no_sums_are_kept(self, shrinker: type[Shrinker]) -> None:
        """They are tested network by network."""
        tested = (CheckedLimit(macro(), MostKernels(), 1.0),)
        problem = replace(macro_problem(0.6), tested=tested)
        rows = list[list[int]]()
        _shrunk(shrinker, problem, Toy(problem, 0), rows=rows)
        assert problem.feasible(np.array(rows)).all()

    def test_scores_that_are_all_equal_are_no_fault(self, shrinker: type[Shrinker]) -> None:
        """Estimators may score every network of a kind alike."""
        found = _shrunk(shrinker, macro_problem(), lambda rows: np.ones(len(rows)))
        assert all(found.kept)

    def test_an_unreachable_budget_is_refused(self, shrinker: type[Shrinker]) -> None:
        """Before anything is judged."""
        problem = tiny_problem(3, bound=0.5)
        with pytest.raises(BudgetError, match=r"0\.5 ms is out of reach"):
            _shrunk(shrinker, problem, Toy(problem, 0))


def _shrunk(
    shrinker: type[Shrinker],
    problem: SearchProblem,
    score: Callable[[Architectures], NDArray[np.float64]],
    *,
    seed: int = 0,
    keep: float = 0.2,
    rows: list[list[int]] | None = None,
) -> Shrunk:
    """Three stages; `rows` gets what is judged, no network of it twice."""
    seen = set[tuple[int, ...]]()

    def judge(stage: int, asked: Architectures) -> NDArray[np.float64]:
        assert 1 <= stage <= 3
        assert not seen & set(keys(asked))
        seen.update(keys(asked))
        if rows is not None:
            rows.extend(asked.tolist())
        return score(asked)

    return shrink(problem, judge, ShrinkPlan(shrinker, 3, _NETWORKS, keep, seed))
