"""The front of a score that is no sum: nearly exact, and exact where few networks are feasible.

The score is computed for every network within the budgets where there are few. Else the sum that is
nearest to it in each region of cost is searched exactly, what that finds is scored, and so on until
nothing better comes; from there the search climbs until no network that differs in one choice
improves the front, and none that differs in two is better than the best.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.exact.sampling import enumerate_feasible, sample_feasible
from hwnas.search.front import FoundFront, Front
from hwnas.search.neighbours import neighbours, pairs_of_neighbours
from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

# As many networks are all scored: a second at 20 µs each.
ENUMERATED = 20_000
_SAMPLED = 1000
_REGIONS = 4
_ROUNDS = 8
_NEAREST = 1500  # networks that the sum of a region is fitted to
_CLIMBED = 50  # members of a front whose neighbours are scored at a time
_MOST = 200_000  # scored in all, where climbing does not end before


class FreeScore(Protocol):
    """A score of no known form that thousands of networks can be given in a moment."""

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores, to be maximised, of canonical architectures (N, L)."""

    def nearest_sum(
        self, around: Architectures, architectures: Architectures, scores: NDArray[np.float64]
    ) -> Trellis:
        """A sum over slots, or neighbours, that is like the score near one architecture (L,).

        Args:
            around: where it is to be like it.
            architectures: (N, L) scored ones of about the same cost, which it can be fitted to.
            scores: (N,) theirs.
        """


@dataclass(frozen=True)
class ClimbedScore:
    """A free score, whose front is climbed to."""

    free: FreeScore

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of canonical architectures (N, L)."""
        return self.free.evaluate(architectures)

    def front(self, problem: SearchProblem, generator: np.random.Generator) -> FoundFront:
        """The front; exact where few networks keep the limits.

        Raises:
            BudgetError: no network keeps the limits.
        """
        every = enumerate_feasible(problem, ENUMERATED)
        if every is None:
            return climbed_front(self.free, problem, generator)
        how = f"exact: all {len(every):,} networks within the budgets were scored"
        return FoundFront(problem.front(every, self.evaluate(every)), True, how)


def climbed_front(
    score: FreeScore, problem: SearchProblem, generator: np.random.Generator
) -> FoundFront:
    """The same of a space that is too large to score it all.

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
    return FoundFront(pool.front, False, how)


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
        self.front = self.problem.front(
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
        relaxed = problem.relaxed
        labels = None if len(problem.limits) <= 1 else FEW_LABELS
        costs, front = problem.costs(pool.rows), pool.front
        places = np.linspace(0, len(front.costs) - 1, _REGIONS).round().astype(np.int64)
        better = False
        for place in np.unique(places):
            near = np.argsort(np.abs(costs - front.costs[place]), kind="stable")[:_NEAREST]
            guide = pool.score.nearest_sum(
                front.architectures[place], pool.rows[near], pool.scores[near]
            )
            rows = exact_front(guide, relaxed, labels).architectures
            better |= pool.add(rows[problem.feasible(rows)] if problem.tested else rows)
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
