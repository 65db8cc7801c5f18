"""`accuracy.estimator: predictor`: a regression fitted to the networks of known accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.core.errors import AccuracyError
from hwnas.estimators.csv_file import read_accuracies
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.estimators.space_features import SpaceCosts, space_features
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import Direction
from hwnas.objectives.statistics.gaussian import GaussianProcess
from hwnas.objectives.statistics.regression import Regression, fit_regression
from hwnas.search.exact.climbed import ClimbedScore, FreeScore
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.problem import KnownScore
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.trellis import Trellis
from hwnas.spaces.family import Space
from hwnas.spaces.space import Architectures

_ALPHA = 1.0  # of ridges that are fitted to over a thousand predictions, which have no noise


class PredictorEstimator(Estimator):
    """A regression fitted to the networks of known accuracy, or a sum that is near to it."""

    name = "predictor"
    label = "accuracy predicted from {file}"
    needs_file = True
    takes_latency = True
    free = True
    version = 3

    @override
    def identity(self, inputs: EstimatorInputs) -> dict[str, str]:
        found = super().identity(inputs)
        if inputs.latency is not None:
            found["latency model"] = costs_of(inputs).identity
        return found

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        space, path = inputs.space, inputs.csv_file
        known, costs = read_accuracies(path, space), costs_of(inputs)
        try:
            regression = fit_regression(
                space.choice_counts,
                known.architectures,
                known.accuracies,
                space_features(space, costs),
            )
        except AccuracyError as error:
            raise AccuracyError(f"{path}: {error}; add more") from error
        predictor = SpacePredictor(space, regression, costs)
        found = self.of_exact(inputs, predictor.known, known.identity)
        return replace(
            found,
            info=replace(
                known.described(found.info), chosen=regression.kind, errors=regression.errors
            ),
            of_canonical=regression.predict,
            second_opinion=GaussianProcess.fitted(
                known.architectures, known.accuracies, costs
            ).predict,
        )


def costs_of(inputs: EstimatorInputs) -> SpaceCosts:
    """The costs that a predictor sees: latencies too, where a latency model is given.

    Raises:
        BudgetError, TableError: there is no such model, or it is of another space.
    """
    return SpaceCosts(inputs.space, None if inputs.latency is None else inputs.latency())


@dataclass(frozen=True)
class SpacePredictor:
    """What a regression expects of a network; an Objective.

    It may go beyond 100 %, where a regression goes too far.
    """

    name: ClassVar[str] = "accuracy"
    unit: ClassVar[str] = "%"
    direction: ClassVar[Direction] = "maximize"

    space: Space
    regression: Regression
    costs: SpaceCosts

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) accuracies of N networks of the space, in percent."""
        return self.evaluate_architectures(self.space.architectures(networks))

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) accuracies of a population (N, L), in percent."""
        return self.regression.predict(self.space.canonical(architectures))

    @property
    def known(self) -> KnownScore:
        """What is searched: the regression as a sum where it is one, else what is nearly one."""
        if self.regression.is_sum:
            return SumScore(self._choices)
        return ClimbedScore(self.nearly_sum)

    @property
    def nearly_sum(self) -> FreeScore:
        """The regression as a score of no known form, with sums that are near to it."""
        return _NearlySum(self)

    @cached_property
    def _choices(self) -> Trellis:
        """The regression's sum over slots and neighbours."""
        assert self.regression.choices is not None
        sums = self.regression.choices
        singles = [step[0] if len(step) == 1 else np.zeros(step.shape[1]) for step in sums.steps]
        pairs = [None if len(step) == 1 else step for step in sums.steps]
        return Trellis.from_values(self.space, "accuracy", "%", sums.constant, singles, pairs)

    def near(self, architecture: Architectures) -> Trellis | None:
        """The sum with a curve of costs replaced by its tangent at (L,); None of others."""
        curve = self.regression.curve
        if curve is None:
            return None
        costs = self.costs(architecture[None])[0]
        slopes = curve.slopes(costs)
        base = self._choices
        constant, steps = base.constant, list(base.steps)
        for slope, trellis in zip(slopes.tolist(), self.costs.trellises, strict=True):
            constant += slope * trellis.constant
            steps = [one + slope * other for one, other in zip(steps, trellis.steps, strict=True)]
        return Trellis(base.name, base.unit, constant, tuple(steps), base.allowed)


@dataclass(frozen=True)
class _NearlySum:
    """A predictor that is not a sum, as a `FreeScore`."""

    predictor: SpacePredictor

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) accuracies of canonical architectures (N, L), in percent."""
        return self.predictor.regression.predict(architectures)

    def nearest_sum(
        self, around: Architectures, architectures: Architectures, scores: NDArray[np.float64]
    ) -> Trellis:
        """The tangent of the curve of costs; of others, a ridge fitted to what they predict."""
        tangent = self.predictor.near(around)
        if tangent is not None:
            return tangent
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):  # as in `fit_regression`
            return fit_additive(self.predictor.space, architectures, scores, _ALPHA)
