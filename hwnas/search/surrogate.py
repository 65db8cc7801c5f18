"""An additive surrogate: ridge regression of scores on one-hot choices."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from hwnas.search.trellis import Trellis
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures
from objectives.accuracy.regression import one_hot

_ALPHAS = (0.01, 0.1, 1.0, 10.0, 100.0)
_DIGITS = 9


def fit_additive(
    space: ChoiceSpace, architectures: Architectures, scores: NDArray[np.float64]
) -> Trellis:
    """An additive score in the unit of `scores`, fitted to evaluated architectures.

    The strength of the ridge is chosen by leave-one-out error.

    Args:
        space: the search space.
        architectures: (N, L) canonical, N ≥ 1.
        scores: (N,) what they scored.
    """
    rows = space.check(architectures)
    center = float(np.mean(scores))
    if len(rows) < 2:
        empty = [np.zeros(count) for count in space.choice_counts]
        return Trellis.from_values(space, "surrogate", "", center, empty)
    design = one_hot(space.choice_counts, rows)
    model = RidgeCV(alphas=_ALPHAS, fit_intercept=True).fit(design, scores - center)
    values = np.split(_rounded(model.coef_), np.cumsum(space.choice_counts)[:-1])
    constant = float(_rounded(np.array([center + model.intercept_]))[0])
    return Trellis.from_values(space, "surrogate", "", constant, values)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # Linear algebra libraries differ in the last bits from machine to machine; a resumed search
    # must rank architectures as it did before.
    greatest = float(np.abs(values).max())
    if greatest == 0.0:
        return values
    digits = _DIGITS - int(np.floor(np.log10(greatest)))
    return np.array([round(float(value), digits) for value in values])
