"""A surrogate that knows interactions: Gaussian processes of growing interaction, one chosen.

Two networks are alike by the slots that they share: in an additive form each shared slot counts by
itself, then also each shared pair of neighbours, each shared pair at any distance, and at last all
shared slots together. Which form holds, and how noisy scores are, the likelihood of each score by
all others tells (leave-one-out cross-validation, Rasmussen and Williams 2006, section 5.4.2).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.objectives.statistics.sums import one_hot, rounded
from hwnas.search.trellis import Trellis
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures

Values = NDArray[np.float64]

ADDITIVE = "additive"
_NOISES = (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0)  # variances, where that of a form is 1
_REACHES = (2.0, 5.0)  # how fast networks of other choices are forgotten
_LEAST = 1e-12
# Networks that a search looks at lie far from one another, those it was told close together: it is
# less sure than leave-one-out errors say.
_BOLD = 1.5


@dataclass(frozen=True)
class Form:
    """How much each kind of likeness counts; together 1.

    Attributes:
        name: for people.
        single: of shared slots.
        neighbours: of shared pairs of neighbouring slots.
        pairs: of shared pairs at any distance.
        whole: of the network as a whole.
        reach: how fast that falls with the share of other choices.
    """

    name: str
    single: float
    neighbours: float = 0.0
    pairs: float = 0.0
    whole: float = 0.0
    reach: float = 0.0


FORMS = (
    Form(ADDITIVE, 1.0),
    Form("neighbours", 0.5, neighbours=0.5),
    Form("pairs", 0.5, pairs=0.5),
    *(Form("whole", 0.3, pairs=0.2, whole=0.5, reach=reach) for reach in _REACHES),
    *(Form("whole alone", 0.0, whole=1.0, reach=reach) for reach in _REACHES),
)
"""What is tried, the simplest first."""


class Interactions:
    """The form that foretells scores best, fitted.

    Attributes:
        form: the chosen one.
        told: share of the variance of scores that is foretold of each by all others, at most 1.
    """

    def __init__(
        self,
        space: ChoiceSpace,
        architectures: Architectures,
        scores: Values,
        forms: Sequence[Form] = FORMS,
    ) -> None:
        """Chooses and fits.

        Args:
            space: the search space.
            architectures: (N, L) canonical, N ≥ 2.
            scores: (N,) what they scored.
            forms: to be tried.
        """
        self._space, self._rows = space, architectures
        self._center, self._size = float(scores.mean()), float(scores.std()) or 1.0
        targets = (scores - self._center) / self._size
        shared, best = _Shared.of(space, architectures, architectures), -np.inf
        for form in forms:
            values, vectors = np.linalg.eigh(shared.covariance(form))
            turned, squares = vectors.T @ targets, vectors**2
            for noise in _NOISES:
                shrunk = 1 / (np.maximum(values, 0) + noise)
                weights, precision = vectors @ (shrunk * turned), squares @ shrunk
                errors = weights / precision
                scale = float(np.mean(errors**2 * precision)) + _LEAST
                # The likelihood's mean, but for a constant; rounded as `rounded` explains.
                likely = round(float(np.log(precision / scale).mean()), 9)
                if likely > best:
                    best, self.form, self._noise, self._scale = likely, form, noise, scale
                    self.told = 1 - float(np.mean(errors**2))
                    self._weights, inverse = weights, (vectors, shrunk)
        self._weights = rounded(self._weights)
        vectors, shrunk = inverse
        self._inverse = (vectors * shrunk) @ vectors.T

    def mean(self, rows: Architectures) -> Values:
        """(N,) expected scores of canonical architectures (N, L)."""
        return self._mean(self._to(rows))

    def expected(self, rows: Architectures) -> tuple[Values, Values]:
        """(N,) expected scores of canonical architectures (N, L), and their deviations."""
        shared = self._to(rows)
        known = np.einsum("ij,ij->i", shared @ self._inverse, shared)
        variances = self._unsure * np.maximum(1 - known, _LEAST)
        return self._mean(shared), np.sqrt(variances)

    def covariance(self, rows: Architectures) -> Values:
        """(N, N) how uncertain the scores of architectures (N, L) still are, together."""
        shared = self._to(rows)
        among = _Shared.of(self._space, rows, rows).covariance(self.form)
        left: Values = among - shared @ self._inverse @ shared.T
        return self._unsure * left

    @property
    def noise(self) -> float:
        """The variance of a score that was told once more."""
        return self._unsure * self._noise

    @property
    def _unsure(self) -> float:
        """The variance of what nothing is known of."""
        return (_BOLD * self._size) ** 2 * self._scale

    def _to(self, rows: Architectures) -> Values:
        """(N, M) the covariance of architectures (N, L) with the known ones."""
        return _Shared.of(self._space, rows, self._rows).covariance(self.form)

    def _mean(self, shared: Values) -> Values:
        found: Values = self._center + self._size * (shared @ self._weights)
        return found

    @property
    def sums(self) -> Trellis | None:
        """What single choices add to the expected score; None where they are not told apart."""
        if not self.form.single:
            return None
        counts = self._space.choice_counts
        share = self._size * self.form.single / len(counts)
        values = rounded(share * (one_hot(counts, self._rows).T @ self._weights))
        parts = np.split(values, np.cumsum(counts)[:-1])
        return Trellis.from_values(self._space, "surrogate", "", self._center, parts)


@dataclass(frozen=True)
class _Shared:
    """What networks share with others.

    Attributes:
        slots: L.
        single: (N, M) slots of the same choice.
        neighbours: () → (N, M) neighbouring ones among them; only one form asks for these.
    """

    slots: int
    single: Values
    neighbours: Callable[[], Values]

    @classmethod
    def of(cls, space: ChoiceSpace, rows: Architectures, others: Architectures) -> "_Shared":
        """Of architectures (N, L) and others (M, L)."""
        counts = space.choice_counts
        return cls(
            len(counts),
            one_hot(counts, rows) @ one_hot(counts, others).T,
            lambda: _shared_neighbours(rows, others),
        )

    def covariance(self, form: Form) -> Values:
        """(N, M) by a form; 1 of equals, if there are pairs of slots."""
        # All but neighbours follows from how many slots are shared: a table is quick.
        shared, pairs = np.arange(self.slots + 1), max(1, self.slots - 1)
        table: Values = form.single / self.slots * shared.astype(np.float64)
        table += form.pairs / (self.slots * pairs) * shared * (shared - 1)
        table += form.whole * np.exp(form.reach * (shared / self.slots - 1))
        total: Values = table[self.single.astype(np.intp)]
        if form.neighbours:
            total += form.neighbours / pairs * self.neighbours()
        return total


def _shared_neighbours(rows: Architectures, others: Architectures) -> Values:
    """(N, M) of how many pairs of neighbouring slots both choices are the same."""
    count = np.zeros((len(rows), len(others)))
    before: NDArray[np.bool_] | None = None
    for one, other in zip(rows.T, others.T, strict=True):
        same = one[:, None] == other
        if before is not None:
            count += same & before
        before = same
    return count
