"""Regressions of accuracy on choices; which one is used is decided by cross-validation."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import AccuracyError
from hwnas.objectives.statistics.features import NO_FEATURES, Features
from hwnas.objectives.statistics.sums import (
    ChoiceSum,
    CostCurve,
    CostScale,
    Rows,
    one_hot,
    one_hot_pairs,
    rounded,
)

ADDITIVE, NEIGHBOURS, SLOTS = "additive", "neighbours", "slots"
STAGES, TREES = "stages", "trees"
WITH_COSTS = " and costs"
"""Behind the name of a form that also sees the costs of a network."""
LEAST_NETWORKS = 10
_FOLDS = 5
LEAST_OUT_OF_FOLD = 13  # without the largest of five parts, 10
_ALPHAS = (0.01, 0.1, 1.0, 10.0, 100.0)
_TREES = 300  # of a regression
_PREDICTED_DIGITS = 6  # of a percent; see `rounded`


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
        choices: of a ridge on choices or slots, its sum over slots and neighbours; None of stages
            and trees.
        curve: of a ridge that sees costs, the rest of it.
    """

    kind: str
    errors: Mapping[str, CrossValidation]
    networks: int
    choices: ChoiceSum | None
    curve: CostCurve | None
    _design: "_Design"
    _model: Any = None

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum over slots and pairs of neighbours, and nothing else."""
        return self.choices is not None and self.curve is None

    def predict(self, rows: Rows) -> NDArray[np.float64]:
        """(N,) accuracies in percent of rows (N, L)."""
        if not len(rows):
            return np.zeros(0)
        if self.choices is None:
            found: NDArray[np.float64] = self._model.predict(self._design.of(self.kind, rows))
            return np.round(found, _PREDICTED_DIGITS)
        total = self.choices.evaluate(rows)
        costs = self._design.features.costs
        if self.curve is None or costs is None:
            return total
        return np.round(total + self.curve.evaluate(costs(rows)), _PREDICTED_DIGITS)


def fit_regression(
    counts: Rows,
    rows: Rows,
    accuracies: NDArray[np.float64],
    features: Features = NO_FEATURES,
) -> Regression:
    """Fits the form that best orders networks it has not seen.

    A ridge on one-hot choices (additive), one that also has each pair of neighbouring slots, and
    boosted trees are judged by the same five folds. With traits of choices, a ridge on those of
    each slot is tried too. With costs, these ridges are also tried with the logarithms of the costs
    and their squares, and the trees see the logarithms. With features of stages, a ridge on these
    alone is tried too. The form of the greatest tau is taken, since that is what a search needs; of
    equals, the simplest. On NAS-Bench-Macro the trees are best from 200 networks on (tau 0.88,
    additive 0.84), in large spaces of few known networks a ridge.

    Args:
        counts: (L,) choices of each slot.
        rows: (N, L) choices of networks.
        accuracies: (N,) in percent.
        features: what is known of networks beside their choices.

    Raises:
        AccuracyError: fewer than 10 networks.
    """
    if len(rows) < LEAST_NETWORKS:
        raise AccuracyError(
            f"a predictor of accuracy needs {LEAST_NETWORKS} networks of known accuracy or more, "
            f"not {len(rows)}"
        )
    scale = CostScale.of(features.costs(rows)) if features.costs is not None else None
    design = _Design(counts, features, scale)
    from threadpoolctl import threadpool_limits

    # Matrices as small as these take longer on several cores than on one, much if these are busy.
    with threadpool_limits(limits=1, user_api="blas"):
        errors = {kind: _cross_validated(kind, design, rows, accuracies) for kind in design.kinds}
        kind = max(errors, key=lambda name: errors[name].tau)
        return _fitted(kind, errors, design, rows, accuracies)


def every_form(
    regression: Regression,
    rows: Rows,
    accuracies: NDArray[np.float64],
    but: Collection[str] = (),
) -> Iterator[Regression]:
    """Each form that a regression was chosen from, fitted to the same networks."""
    for kind in [kind for kind in regression.errors if kind not in but]:
        yield _fitted(kind, regression.errors, regression._design, rows, accuracies)


def out_of_fold(
    counts: Rows,
    rows: Rows,
    accuracies: NDArray[np.float64],
    features: Features = NO_FEATURES,
    seed: int = 0,
) -> NDArray[np.float64]:
    """(N,) predictions of networks by regressions that have not seen them.

    The networks are divided into five parts. Each part is predicted by what `fit_regression` makes
    of the four others, so that the form of the regression is chosen without it, too.

    Args:
        counts: (L,) choices of each slot.
        rows: (N, L) choices of distinct networks.
        accuracies: (N,) in percent.
        features: what is known of networks beside their choices.
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
        fitted = fit_regression(counts, rows[rest], accuracies[rest], features)
        found[part] = fitted.predict(rows[part])
    return found


@dataclass(frozen=True)
class _Design:
    """What regressions see of networks."""

    counts: Rows
    features: Features
    scale: CostScale | None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The forms to be tried, the simplest first."""
        ridges = [ADDITIVE, NEIGHBOURS]
        if self.features.traits is not None:
            ridges.append(SLOTS)
        of_stages = () if self.features.stages is None else (STAGES,)
        if self.scale is None:
            return *ridges, *of_stages, TREES
        both = (one + end for one in ridges for end in ("", WITH_COSTS))
        # Stages with costs are not tried: a form more to be chosen by chance, and never the best.
        return *both, *of_stages, TREES + WITH_COSTS

    def of(self, kind: str, rows: Rows) -> NDArray[np.float64]:
        """(N, features): what a form is named after; costs, and for ridges their squares."""
        form, features = kind.removesuffix(WITH_COSTS), self.features
        parts: list[NDArray[np.float64]] = []
        if form == SLOTS and features.traits is not None:
            parts += [of[column] for of, column in zip(features.traits, rows.T, strict=True)]
        elif form == STAGES and features.stages is not None:
            parts.append(features.stages(rows))
        else:
            parts.append(one_hot(self.counts, rows))
        if form == NEIGHBOURS:
            parts.append(one_hot_pairs(self.counts, rows))
        if form != kind and features.costs is not None and self.scale is not None:
            scaled = self.scale(features.costs(rows))
            parts += [scaled] if form == TREES else [scaled, scaled**2]
        return np.concatenate(parts, axis=1)


def _fitted(
    kind: str,
    errors: Mapping[str, CrossValidation],
    design: _Design,
    rows: Rows,
    accuracies: NDArray[np.float64],
) -> Regression:
    model, form = _model(kind).fit(design.of(kind, rows), accuracies), kind.removesuffix(WITH_COSTS)
    if form in (STAGES, TREES):
        return Regression(kind, errors, len(rows), None, None, design, model)
    coefficients = rounded(np.append(*_linear(model)))
    values, constant, curve = coefficients[:-1], float(coefficients[-1]), None
    if form != kind and design.scale is not None:
        costs = len(design.scale.mean)
        values, linear, squared = np.split(values, [len(values) - 2 * costs, len(values) - costs])
        curve = CostCurve(design.scale, linear, squared)
    if form == SLOTS and design.features.traits is not None:
        choices = ChoiceSum.of_traits(constant, values, design.features.traits)
    else:
        choices = ChoiceSum.of_coefficients(constant, values, design.counts, form == NEIGHBOURS)
    return Regression(kind, errors, len(rows), choices, curve, design)


def _linear(model: Any) -> tuple[NDArray[np.float64], float]:
    """The coefficients of a ridge and its intercept, of features as they are."""
    if not hasattr(model, "steps"):
        return model.coef_, model.intercept_
    scaler, ridge = (step for _, step in model.steps)
    slopes = ridge.coef_ / scaler.scale_
    return slopes, ridge.intercept_ - slopes @ scaler.mean_


def _cross_validated(
    kind: str, design: _Design, rows: Rows, accuracies: NDArray[np.float64]
) -> CrossValidation:
    from scipy.stats import kendalltau
    from sklearn.model_selection import KFold, cross_val_predict

    folds = KFold(_FOLDS, shuffle=True, random_state=0)
    found = cross_val_predict(_model(kind), design.of(kind, rows), accuracies, cv=folds)
    tau = kendalltau(found, accuracies).statistic
    return CrossValidation(
        mean_error=round(float(np.abs(found - accuracies).mean()), 6),
        tau=0.0 if np.isnan(tau) else round(float(tau), 6),
    )


def _model(kind: str) -> Any:
    # Imported here, as SciPy above: commands that fit nothing need not wait for scikit-learn.
    if kind.startswith(TREES):
        from sklearn.ensemble import GradientBoostingRegressor

        return GradientBoostingRegressor(
            n_estimators=_TREES, learning_rate=0.05, max_depth=4, subsample=0.7, random_state=0
        )
    from sklearn.linear_model import RidgeCV

    ridge = RidgeCV(alphas=_ALPHAS)
    if not kind.startswith((SLOTS, STAGES)):
        return ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), ridge)  # kernels and depths have scales of their own
