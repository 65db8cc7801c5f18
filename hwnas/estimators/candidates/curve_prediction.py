"""How accurate a network will be at the end of its training, by how it begins.

Baker et al. 2017, "Accelerating Neural Architecture Search using Performance Prediction" (arXiv
1705.10823): a ν-SVR on features of the architecture, the accuracies so far, and their first and
second differences. What its predictions of networks that it has not seen are off by is their
standard deviation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, Space

Values = NDArray[np.float64]

_FOLDS = 5
# Of so many epochs each has a regression of its own, spread over a longer training.
_MOST_EPOCHS = 8
_C, _NU = (0.3, 3.0), (0.3, 0.6)
# Of the radial kernel, times what makes it see all features alike.
_GAMMA = (0.1, 0.5)
# Points of accuracy; predictions that were right by chance are not taken for certain.
_LEAST_DEVIATION = 0.05


class NetworkFeatures:
    """What is known of a network before it is trained."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._costs = tuple(Trellis.of(space, cost) for cost in (MACS, PARAMETERS))

    def __call__(self, architectures: Architectures) -> Values:
        """(N, 4) of canonical architectures (N, L): log MACs, log parameters, resolution, depth."""
        costs = [np.log1p(each.evaluate(architectures)) for each in self._costs]
        resolution = [self._space.member(row).resolution for row in architectures]
        depth = [len(self._space.network(row)) for row in architectures]
        return np.column_stack([*costs, resolution, depth]).astype(np.float64)


@dataclass(frozen=True)
class Predicted:
    """A final accuracy that is predicted, and the standard deviation of that, in percent."""

    accuracy: float
    deviation: float


@dataclass(frozen=True)
class _Fitted:
    """The regression of one epoch: curves of so many accuracies → the last one."""

    scaler: Any
    model: Any
    center: float
    size: float
    deviation: float

    def predict(self, features: Values) -> Values:
        scaled = self.scaler.transform(features)
        found: Values = self.center + self.size * self.model.predict(scaled)
        return np.clip(found, 0.0, 100.0)


class CurvePredictor:
    """Predicts the last accuracy of a training from its first ones."""

    def __init__(
        self, features: NetworkFeatures, architectures: Architectures, curves: Values, first: int
    ) -> None:
        """Learns from whole trainings.

        Args:
            features: of networks.
            architectures: (N, L) canonical, N at least `LEAST_CURVES` of the settings.
            curves: (N, E) validation accuracies in percent after each epoch.
            first: predictions are wanted from so many epochs on.
        """
        from threadpoolctl import threadpool_limits

        self._features = features
        known, final = features(architectures), curves[:, -1]
        epochs = curves.shape[1]
        asked = np.unique(np.linspace(first, epochs - 1, min(_MOST_EPOCHS, epochs)).astype(int))
        # On one core, as in `hwnas.objectives.statistics.regression`.
        with threadpool_limits(limits=1, user_api="blas"):
            self._fitted = {
                int(each): _fit(np.hstack([known, partial(curves, int(each))]), final)
                for each in asked
                if first <= each < epochs
            }

    def predict(self, architecture: Architectures, curve: Sequence[float]) -> Predicted | None:
        """What a training that begins like this ends with; None before the first epoch of them.

        Args:
            architecture: (L,) canonical.
            curve: validation accuracies in percent so far.
        """
        epoch = max((each for each in self._fitted if each <= len(curve)), default=None)
        if epoch is None:
            return None
        begun = partial(np.array([curve], dtype=np.float64), epoch)
        fitted = self._fitted[epoch]
        found = fitted.predict(np.hstack([self._features(architecture[None]), begun]))
        return Predicted(float(found[0]), fitted.deviation)


def partial(curves: Values, epochs: int) -> Values:
    """(N, 3 t − 3 or 1) features of the first t epochs of curves: values, their differences."""
    begun = curves[:, :epochs]
    return np.hstack([begun, np.diff(begun, axis=1), np.diff(begun, n=2, axis=1)])


def _fit(features: Values, final: Values) -> _Fitted:
    """The ν-SVR that predicts best what it has not seen, by five folds."""
    from sklearn import config_context
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features)
    scaled = scaler.transform(features)
    center, size = float(final.mean()), float(final.std()) or 1.0
    targets = (final - center) / size
    folds = list(KFold(_FOLDS, shuffle=True, random_state=0).split(scaled))

    def squared_error(model: Any) -> float:
        unseen = cross_val_predict(model, scaled, targets, cv=folds)
        return float(np.mean((unseen - targets) ** 2))

    with config_context(assume_finite=True, skip_parameter_validation=True):
        models = _models(features.shape[1])
        errors = [squared_error(model) for model in models]
        model = models[int(np.argmin(errors))].fit(scaled, targets)
    deviation = max(_LEAST_DEVIATION, size * float(np.sqrt(min(errors))))
    return _Fitted(scaler, model, center, size, deviation)


def _models(features: int) -> list[Any]:
    """The regressions to choose among, the simplest first."""
    from sklearn.svm import NuSVR

    linear = [NuSVR(kernel="linear", C=c, nu=nu) for c in _C for nu in _NU]
    gammas = [gamma / features for gamma in _GAMMA]
    radial = [NuSVR(C=c, nu=nu, gamma=gamma) for gamma in gammas for c in _C for nu in _NU]
    return linear + radial
