"""Regressions of accuracy on choices; which one is used is decided by cross-validation."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from devices.errors import AccuracyError

ADDITIVE, NEIGHBOURS, TREES = "additive", "neighbours", "trees"
LEAST_NETWORKS = 10
_FOLDS = 5
LEAST_OUT_OF_FOLD = 13  # without the largest of five parts, 10
_ALPHAS = (0.01, 0.1, 1.0, 10.0, 100.0)

Rows = NDArray[np.int64]
"""(N, L) choice indices."""


@dataclass(frozen=True)
class CrossValidation:
    """How far predictions of networks that the fit has not seen are off.

    Attributes:
        mean_error: mean absolute error, in points of a percent.
        tau: Kendall's tau-b of predicted and known accuracies.
    """

    mean_error: float
    tau: float


@dataclass(frozen=True)
class Regression:
    """A fitted regression.

    Attributes:
        kind: of the chosen form, a key of `errors`.
        errors: every form that was tried, the simplest first.
        networks: N, how many it was fitted to.
    """

    kind: str
    errors: Mapping[str, CrossValidation]
    networks: int
    _model: Any
    _counts: Rows

    def predict(self, rows: Rows) -> NDArray[np.float64]:
        """(N,) accuracies in percent of rows (N, L)."""
        found: NDArray[np.float64] = self._model.predict(_design(self.kind, self._counts, rows))
        return found


def fit_regression(counts: Rows, rows: Rows, accuracies: NDArray[np.float64]) -> Regression:
    """Fits the form that orders networks best which it has not seen.

    A ridge on one-hot choices (additive), one that also has each pair of neighbouring slots, and
    boosted trees are judged by the same five folds. The one of the greatest tau is taken, since
    that is what a search needs; of equals, the simplest. On NAS-Bench-Macro the trees are best
    from 100 networks on (tau 0.81, additive 0.77), in large spaces of few known networks a ridge.

    Args:
        counts: (L,) choices of each slot.
        rows: (N, L) choices of networks.
        accuracies: (N,) in percent.

    Raises:
        AccuracyError: fewer than 10 networks.
    """
    if len(rows) < LEAST_NETWORKS:
        raise AccuracyError(
            f"a predictor of accuracy needs {LEAST_NETWORKS} networks of known accuracy or more, "
            f"not {len(rows)}"
        )
    errors = {
        kind: _cross_validated(kind, counts, rows, accuracies)
        for kind in (ADDITIVE, NEIGHBOURS, TREES)
    }
    kind = max(errors, key=lambda name: errors[name].tau)
    model = _model(kind).fit(_design(kind, counts, rows), accuracies)
    return Regression(kind, errors, len(rows), model, counts)


def out_of_fold(
    counts: Rows, rows: Rows, accuracies: NDArray[np.float64], seed: int = 0
) -> NDArray[np.float64]:
    """(N,) predictions of networks by regressions that have not seen them.

    Of five parts of the networks, each is predicted by what `fit_regression` makes of the four
    others: the form of the regression, too, is chosen without the part.

    Args:
        counts: (L,) choices of each slot.
        rows: (N, L) choices of distinct networks.
        accuracies: (N,) in percent.
        seed: of the parts.

    Raises:
        AccuracyError: four of the parts are fewer than 10 networks.
    """
    from sklearn.model_selection import KFold

    if len(rows) < LEAST_OUT_OF_FOLD:
        raise AccuracyError(
            f"predictions by networks of other parts need {LEAST_OUT_OF_FOLD} networks of known "
            f"accuracy or more, not {len(rows)}"
        )
    found = np.empty(len(rows))
    for rest, part in KFold(_FOLDS, shuffle=True, random_state=seed % 2**32).split(rows):
        fitted = fit_regression(counts, rows[rest], accuracies[rest])
        found[part] = fitted.predict(rows[part])
    return found


def _cross_validated(
    kind: str, counts: Rows, rows: Rows, accuracies: NDArray[np.float64]
) -> CrossValidation:
    from sklearn.model_selection import KFold, cross_val_predict

    folds = KFold(_FOLDS, shuffle=True, random_state=0)
    found = cross_val_predict(_model(kind), _design(kind, counts, rows), accuracies, cv=folds)
    tau = kendalltau(found, accuracies).statistic
    return CrossValidation(
        mean_error=round(float(np.abs(found - accuracies).mean()), 6),
        tau=0.0 if np.isnan(tau) else round(float(tau), 6),
    )


def _model(kind: str) -> Any:
    # Imported here: commands that fit nothing need not wait for scikit-learn.
    if kind == TREES:
        from sklearn.ensemble import GradientBoostingRegressor

        return GradientBoostingRegressor(
            n_estimators=300, learning_rate=0.05, max_depth=4, subsample=0.7, random_state=0
        )
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=_ALPHAS)


def one_hot(counts: Rows, rows: Rows) -> NDArray[np.float64]:
    """(N, Σ choices) ones where rows (N, L) have a choice of the L slots' (L,) choices."""
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    design = np.zeros((len(rows), int(counts.sum())))
    np.put_along_axis(design, rows + starts, 1.0, axis=1)
    return design


def _design(kind: str, counts: Rows, rows: Rows) -> NDArray[np.float64]:
    """(N, features): one-hot choices; with neighbours, also one-hot pairs of choices."""
    parts = [one_hot(counts, rows)]
    if kind == NEIGHBOURS:
        slots = list(zip(counts, rows.T, strict=True))
        parts += [
            np.eye(before * after)[left * after + right]
            for (before, left), (after, right) in pairwise(slots)
        ]
    return np.concatenate(parts, axis=1)
