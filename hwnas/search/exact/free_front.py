"""The front of a score that costs nothing to compute: exact where it is a sum, nearly where not.

A sum over slots, pairs of neighbours or stages is searched by dynamic programming. Any other score
is computed for every network within the budgets where there are few. Else the sum that is nearest
to it in each region of cost is searched exactly, what that finds is scored, and so on until nothing
better comes; from there the search climbs until no network that differs in one choice improves the
front, and none that differs in two is better than the best.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.search.exact.exact_front import FEW_LABELS, exact_best, exact_front
from hwnas.search.exact.label_costs import Costs
from hwnas.search.exact.sampling import enumerate_feasible, sample_feasible
from hwnas.search.exact.stages import StageScore
from hwnas.search.front import Front, front_of
from hwnas.search.listed import ListedScore
from hwnas.search.neighbours import neighbours, pairs_of_neighbours
from hwnas.search.problem import FreeScore, KnownScore, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

# As many networks are all scored: a second at 20 µs each.
ENUMERATED = 20_000
# With budgets on more costs than two, a whole exact front takes seconds to minutes.
_MANY_BUDGETS = 2
_MANY_LABELS = 20_000
_SAMPLED = 1000
_REGIONS = 4
_ROUNDS = 8
_NEAREST = 1500  # networks that the sum of a region is fitted to
_CLIMBED = 50  # members of a front whose neighbours are scored at a time
_MOST = 200_000  # scored in all, where climbing does not end before


@dataclass(frozen=True)
class FreeFront:
    """A front, and how it was found.

    Attributes:
        front: the networks.
        exact: whether nothing better can exist.
        how: the same for people, a clause without a full stop.
    """

    front: Front
    exact: bool
    how: str


def free_front(
    score: KnownScore, problem: SearchProblem, generator: np.random.Generator
) -> FreeFront:
    """The front of a score that is known beforehand, against `problem.cost` within every budget.

    Raises:
        BudgetError: no network keeps the budgets.
    """
    if isinstance(score, StageScore):
        return FreeFront(score.front(problem), True, "exact: the score is a sum over stages")
    if isinstance(score, Trellis):
        return _of_sum(score, problem)
    if isinstance(score, ListedScore):
        how = f"exact: the scores of all {len(score.rows):,} networks are known"
        return FreeFront(front_of(problem, score.rows, score.scores), True, how)
    every = enumerate_feasible(problem, ENUMERATED)
    if every is None:
        return climbed_front(score, problem, generator)
    how = f"exact: all {len(every):,} networks within the budgets were scored"
    return FreeFront(front_of(problem, every, score.evaluate(every)), True, how)


def climbed_front(
    score: FreeScore, problem: SearchProblem, generator: np.random.Generator
) -> FreeFront:
    """The same of a score that is no sum over a space that is too large to score it all.

    Raises:
        BudgetError: no network keeps the budgets.
    """
    pool = _Pool(score, problem)
    climbed = _Climb(pool, generator).run()
    until = "no other choice in one slot improves it" if climbed else "the limit was reached"
    how = (
        "nearly exact: the sum nearest to the score was searched exactly, then "
        f"{len(pool.rows):,} networks were scored until {until}"
    )
    return FreeFront(pool.front, False, how)


def _of_sum(score: Trellis, problem: SearchProblem) -> FreeFront:
    coupled = any(step.shape[1] > 1 for step in score.steps)
    over = "slots and pairs of neighbours" if coupled else "slots"
    if len(Costs.of(problem, (problem.cost,)).budgets) <= _MANY_BUDGETS:
        how = f"exact: the score is a sum over {over}"
        return FreeFront(exact_front(score, problem), True, how)
    found = exact_front(score, problem, _MANY_LABELS)
    rows = np.concatenate((found.architectures, exact_best(score, problem)[None]))
    how = (
        f"exact for the best network, a sum over {over}; nearly exact for the others, with budgets "
        "on so many costs"
    )
    return FreeFront(front_of(problem, rows, score.evaluate(rows)), False, how)


class _Pool:
    """Every network that was scored, and the front of them."""

    def __init__(self, score: FreeScore, problem: SearchProblem) -> None:
        self.score, self.problem = score, problem
        self.rows: Architectures = np.zeros((0, problem.length), dtype=np.int64)
        self.scores: NDArray[np.float64] = np.zeros(0)
        self.front = Front(self.rows, self.scores, np.zeros(0))
        self._seen: set[bytes] = set()

    def add(self, rows: Architectures) -> bool:
        """Scores feasible rows (N, L) that were not seen; whether the front is another then."""
        fresh = []
        for index, key in enumerate(_keys(rows)):
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(index)
        if not fresh:
            return False
        new = rows[fresh]
        scores = self.score.evaluate(new)
        self.rows, self.scores = np.concatenate((self.rows, new)), np.append(self.scores, scores)
        before = self.front
        self.front = front_of(
            self.problem,
            np.concatenate((before.architectures, new)),
            np.concatenate((before.scores, scores)),
        )
        return not np.array_equal(before.scores, self.front.scores)


class _Climb:
    """From random networks to a front that no single choice improves."""

    def __init__(self, pool: _Pool, generator: np.random.Generator) -> None:
        self._pool, self._problem = pool, pool.problem
        self._climbed: set[bytes] = set()
        pool.add(sample_feasible(self._problem, generator, _SAMPLED))

    def run(self) -> bool:
        """Whether it came to its end before the limit on scored networks."""
        for _ in range(_ROUNDS):
            if not self._by_sums():
                break
        while True:
            while self._by_neighbours():
                if len(self._pool.rows) > _MOST:
                    return False
            best = self._pool.front.architectures[-1:]
            if not self._pool.add(pairs_of_neighbours(self._problem, best)):
                return True

    def _by_sums(self) -> bool:
        """Scores the exact front of the nearest sum of each region; whether that was of use."""
        pool, problem = self._pool, self._problem
        labels = None if len(problem.budgets) <= 1 else FEW_LABELS
        costs, front = problem.costs(pool.rows), pool.front
        places = np.linspace(0, len(front.costs) - 1, _REGIONS).round().astype(np.int64)
        better = False
        for place in np.unique(places):
            near = np.argsort(np.abs(costs - front.costs[place]), kind="stable")[:_NEAREST]
            guide = pool.score.nearest_sum(
                front.architectures[place], pool.rows[near], pool.scores[near]
            )
            better |= pool.add(exact_front(guide, problem, labels).architectures)
        return better

    def _by_neighbours(self) -> bool:
        """Scores the neighbours of members of the front; whether there were any left."""
        front = self._pool.front.architectures
        left = [i for i, key in enumerate(_keys(front)) if key not in self._climbed]
        if not left:
            return False
        places = np.linspace(len(left) - 1, 0, min(_CLIMBED, len(left))).round().astype(np.int64)
        members = front[[left[place] for place in np.unique(places)]]
        self._climbed.update(_keys(members))
        self._pool.add(neighbours(self._problem, members))
        return True


def _keys(rows: Architectures) -> list[bytes]:
    return [row.tobytes() for row in np.ascontiguousarray(rows)]
