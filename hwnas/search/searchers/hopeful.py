"""Which networks are most likely to be better, by a surrogate that knows how sure it is.

Candidates are climbed to: from what is best so far, crossed and changed, and from what the sums of
the surrogate promise. The measure is the expected improvement over the best (Jones et al. 1998,
doi 10.1023/A:1008306431147); what is taken into a batch is believed to score as expected, so that
the next of it tells something else (kriging believer, Ginsbourger et al. 2010).
"""

import numpy as np
from numpy.typing import NDArray

from hwnas.search.neighbours import neighbours
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.interactions import Interactions
from hwnas.spaces.space import Architectures, row_bytes

_CHILDREN = 100  # of the best so far, of either kind
_ROUNDS = 8
_CLIMBED = 3  # candidates whose neighbours are looked at in a round
_WEIGHED = 200  # candidates, and three a network of the batch, that a batch is chosen from
_FAR = -6.0  # deviations below which the improvement is approximated


def crossed(
    best: Architectures, others: Architectures, count: int, generator: np.random.Generator
) -> Architectures:
    """(count, L) children, each with some slots of one of the best (N, L), some of another (M, L).

    They may break budgets and transitions.
    """
    one = best[generator.integers(0, len(best), count)]
    other = others[generator.integers(0, len(others), count)]
    return np.where(generator.random(one.shape) < 0.5, one, other)


class Hopeful:
    """Candidates of a search, and how much each may improve on the best."""

    def __init__(
        self, problem: SearchProblem, model: Interactions, asked: Architectures, best: float
    ) -> None:
        """Begins.

        Args:
            problem: what is searched.
            model: of what was told.
            asked: (N, L) what has been asked for: climbed from, but not proposed.
            best: the expected score to improve on.
        """
        self._problem, self._model, self._best = problem, model, best
        self._asked = set(row_bytes(asked))
        self._rows: Architectures = np.zeros((0, problem.length), dtype=np.int64)
        self._gains: NDArray[np.float64] = np.zeros(0)
        self._seen: set[bytes] = set()
        self._climbed: set[bytes] = set()

    def add(self, rows: Architectures) -> None:
        """Takes in architectures (N, L) within the limits."""
        fresh = []
        for index, key in enumerate(row_bytes(rows)):
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(index)
        if fresh:
            new = rows[fresh]
            gains = log_improvement(*self._model.expected(new), self._best)
            self._rows = np.concatenate((self._rows, new))
            self._gains = np.append(self._gains, gains)

    def add_around(
        self, best: Architectures, known: Architectures, generator: np.random.Generator
    ) -> None:
        """The neighbours of the best so far (N, L), best first, and their children.

        Half of these with other networks (M, L): what is good of those is lost among the best.
        """
        self.climb(best[:_CLIMBED])
        for others in (best, known):
            children = crossed(best, others, _CHILDREN, generator)
            children = self._problem.space.canonical(children)
            self.add(children[self._problem.feasible(children)])

    def climb(self, rows: Architectures) -> None:
        """Takes in architectures (N, L) and their neighbours."""
        self._climbed.update(row_bytes(rows))
        self.add(rows)
        self.add(neighbours(self._problem, rows))

    def batch(self, count: int, pending: Architectures) -> Architectures:
        """(count', L) what to ask for next, while others (N, L) are pending."""
        for _ in range(_ROUNDS):
            # Those that only lead on to what is worth less than the batch need not be climbed.
            best = self._rows[self._order()[: 2 * count + _CLIMBED]]
            left = [i for i, key in enumerate(row_bytes(best)) if key not in self._climbed]
            if not left:
                break
            self.climb(best[left[:_CLIMBED]])
        rows = self._rows[self._order()]
        new = [i for i, key in enumerate(row_bytes(rows)) if key not in self._asked]
        rows = rows[new[: _WEIGHED + 3 * count]]
        return rows[self._chosen(rows, count, pending)]

    def _order(self) -> NDArray[np.int64]:
        return np.argsort(-self._gains, kind="stable")

    def _chosen(self, rows: Architectures, count: int, pending: Architectures) -> list[int]:
        """Which of rows (N, L) improve most together."""
        mean = self._model.mean(rows)
        covariance = self._model.covariance(np.concatenate((rows, pending)))
        chosen: list[int] = []
        for believed in range(len(rows), len(rows) + len(pending)):
            covariance = self._believed(covariance, believed)
        for _ in range(min(count, len(rows))):
            variances = np.maximum(np.diag(covariance)[: len(rows)], 1e-18)
            gains = log_improvement(mean, np.sqrt(variances), self._best)
            gains[chosen] = -np.inf
            chosen.append(int(gains.argmax()))
            covariance = self._believed(covariance, chosen[-1])
        return chosen

    def _believed(self, covariance: NDArray[np.float64], place: int) -> NDArray[np.float64]:
        """(N, N) what is left uncertain once the score of one is told."""
        told = covariance[:, place]
        variance = max(float(told[place]), 0.0) + self._model.noise + 1e-18
        left: NDArray[np.float64] = covariance - np.outer(told, told) / variance
        return left


def log_improvement(
    mean: NDArray[np.float64], deviation: NDArray[np.float64], best: float
) -> NDArray[np.float64]:
    """(N,) logarithms of the improvement on the best that normal scores are expected to bring.

    To nine digits, so that another machine ranks them the same.
    """
    from scipy.special import ndtr

    away = (mean - best) / deviation
    near = np.maximum(away, _FAR)
    density = np.exp(-(near**2) / 2) / np.sqrt(2 * np.pi)
    found = np.log(np.maximum(near * ndtr(near) + density, 1e-300))
    # Its asymptote, which goes on from there.
    far = np.minimum(away, _FAR)
    found += (_FAR**2 - far**2) / 2 - 2 * np.log(far / _FAR)
    rounded: NDArray[np.float64] = np.round(np.log(deviation) + found, 9)
    return rounded
