"""An additive surrogate: ridge regression of scores on one-hot choices."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge, RidgeCV

from hwnas.objectives.statistics.sums import one_hot, rounded
from hwnas.search.trellis import Trellis
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures

_ALPHAS = (0.01, 0.1, 1.0, 10.0, 100.0)


def fit_additive(
    space: ChoiceSpace,
    architectures: Architectures,
    scores: NDArray[np.float64],
    alpha: float | None = None,
) -> Trellis:
    """An additive score in the unit of `scores`, fitted to evaluated architectures.

    The strength of the ridge is chosen by leave-one-out error, where none is given.

    Args:
        space: the search space.
        architectures: (N, L) canonical, N ≥ 1.
        scores: (N,) what they scored.
        alpha: the strength of the ridge.
    """
    rows = space.check(architectures)
    center = float(np.mean(scores))
    if len(rows) < 2:
        empty = [np.zeros(count) for count in space.choice_counts]
        return Trellis.from_values(space, "surrogate", "", center, empty)
    design = one_hot(space.choice_counts, rows)
    ridge = RidgeCV(alphas=_ALPHAS) if alpha is None else Ridge(alpha, solver="cholesky")
    model = ridge.fit(design, scores - center)
    values = np.split(rounded(model.coef_), np.cumsum(space.choice_counts)[:-1])
    constant = float(rounded(np.array([center + model.intercept_]))[0])
    return Trellis.from_values(space, "surrogate", "", constant, values)
