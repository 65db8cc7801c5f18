"""A Gaussian process over architectures: a second opinion on networks that a predictor has chosen.

Of all networks, a search takes the one that its predictor overrates most: the accuracy of an
optimum is optimistic ("winner's curse", Smith and Winkler 2006, "The Optimizer's Curse",
doi 10.1287/mnsc.1050.0451). The mean of a posterior is not, if the prior is right, and what another
regression was not asked to maximise is overrated by it less.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.objectives.statistics.sums import CostScale, CostsOf, Rows

# More networks add little and take with their cube.
_MOST_NETWORKS = 1500
_MOST_TO_TUNE = 300
_ROUNDS = 40
# Logarithms: the variance of the choices' part, how fast it forgets with each other choice, the
# variance of the costs' part, the noise, and how far the costs' part reaches. Accuracies are scaled
# to variance 1. They are drawn to these by a normal prior, so that few networks cannot mislead.
_PRIOR = np.log([0.5, 2.0, 0.5, 0.1])
_PRIOR_DEVIATION = 2.0
_LEAST_NOISE = 1e-6

Values = NDArray[np.float64]


@dataclass(frozen=True)
class GaussianProcess:
    """Predicts networks from known ones, by how many choices differ and how much they cost.

    The covariance of two networks is a sum: a part that falls exponentially with the share of slots
    whose choices differ, and a Gaussian one of the logarithms of their costs.
    """

    _rows: Rows
    _features: Values
    _weights: Values
    _parameters: Values
    _center: float
    _size: float
    _costs: CostsOf
    _scale: CostScale

    @classmethod
    def fitted(cls, rows: Rows, accuracies: Values, costs: CostsOf) -> "GaussianProcess":
        """Fits it to rows (N, L) of accuracies (N,) in percent; how, the likelihood decides."""
        from threadpoolctl import threadpool_limits

        if len(rows) > _MOST_NETWORKS:
            some = np.random.default_rng(0).permutation(len(rows))[:_MOST_NETWORKS]
            rows, accuracies = rows[some], accuracies[some]
        scale = CostScale.of(costs(rows))
        features = scale(costs(rows))
        center, size = float(accuracies.mean()), float(accuracies.std()) or 1.0
        targets = (accuracies - center) / size
        few = slice(_MOST_TO_TUNE)
        # On one core, as in `fit_regression`.
        with threadpool_limits(limits=1, user_api="blas"):
            parameters = _tuned(rows[few], features[few], targets[few])
            parts = _Parts.of(rows, rows, features, features)
            covariance = np.add(*parts.covariances(parameters))
            covariance += _noise(parameters) * np.eye(len(rows))
            weights = np.asarray(np.linalg.solve(covariance, targets), dtype=np.float64)
        return cls(rows, features, weights, parameters, center, size, costs, scale)

    def predict(self, rows: Rows) -> Values:
        """(N,) expected accuracies in percent of rows (N, L)."""
        features = self._scale(self._costs(rows))
        parts = _Parts.of(rows, self._rows, features, self._features)
        near: Values = np.add(*parts.covariances(self._parameters))
        found: Values = self._center + self._size * (near @ self._weights)
        return found


@dataclass(frozen=True)
class _Parts:
    """How networks differ: (N, M) shares of other choices, (F, N, M) squared distances of costs."""

    choices: Values
    costs: Values

    @classmethod
    def of(cls, one: Rows, other: Rows, features: Values, others: Values) -> "_Parts":
        differing = np.zeros((len(one), len(other)))
        for left, right in zip(one.T, other.T, strict=True):
            differing += left[:, None] != right
        distances = (features.T[:, :, None] - others.T[:, None, :]) ** 2
        return cls(differing / one.shape[1], distances)

    def covariances(self, parameters: Values) -> tuple[Values, Values]:
        """(N, M) that of the choices, and that of the costs, without noise."""
        choices = np.exp(parameters[0] - np.exp(parameters[1]) * self.choices)
        reach = np.exp(-2 * parameters[4:])
        costs = np.exp(parameters[2] - 0.5 * np.tensordot(reach, self.costs, axes=1))
        return choices, costs


def _noise(parameters: Values) -> float:
    return float(np.exp(parameters[3])) + _LEAST_NOISE


def _tuned(rows: Rows, features: Values, targets: Values) -> Values:
    """The parameters of the greatest posterior density."""
    from scipy.optimize import minimize

    parts = _Parts.of(rows, rows, features, features)
    prior = np.concatenate((_PRIOR, np.zeros(features.shape[1])))

    def loss(parameters: Values) -> tuple[float, Values]:
        choices, costs = parts.covariances(parameters)
        covariance = choices + costs + _noise(parameters) * np.eye(len(rows))
        inverse = np.linalg.inv(covariance)
        weights = inverse @ targets
        _, logarithm = np.linalg.slogdet(covariance)
        away = (parameters - prior) / _PRIOR_DEVIATION
        value = 0.5 * (targets @ weights + logarithm + away @ away)
        slope = 0.5 * (inverse - np.outer(weights, weights))
        reach = np.exp(-2 * parameters[4:])
        changes = [
            (slope * choices).sum(),
            -(slope * choices * parts.choices).sum() * np.exp(parameters[1]),
            (slope * costs).sum(),
            float(np.trace(slope)) * np.exp(parameters[3]),
            *(
                (slope * costs * each).sum() * far
                for each, far in zip(parts.costs, reach, strict=True)
            ),
        ]
        return float(value), np.array(changes) + away / _PRIOR_DEVIATION

    bounds = [(low - 4 * _PRIOR_DEVIATION, low + 4 * _PRIOR_DEVIATION) for low in prior]
    found = minimize(
        loss, prior, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _ROUNDS}
    )
    best: Values = found.x
    return best
