"""The rules that end a training early, made of the trainings that are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from hwnas.estimators.candidates.curve_prediction import CurvePredictor, NetworkFeatures
from hwnas.estimators.candidates.halving import Halving
from hwnas.estimators.candidates.settings import StopSettings
from hwnas.search.outcome import Candidate, Finished, Outcome, Stopping
from hwnas.spaces import Space


@dataclass(frozen=True)
class ByCurve:
    """Ends a training that is unlikely to beat the best network of no greater cost.

    Attributes:
        predictor: of last accuracies.
        chance: below it a training ends.
        costs: (N,) on the front's other axis, of the whole trainings that are known.
        finals: (N,) what they ended with, in percent.
    """

    predictor: CurvePredictor
    chance: float
    costs: tuple[float, ...]
    finals: tuple[float, ...]

    def __call__(self, candidate: Candidate, curve: Sequence[float]) -> Outcome | None:
        """None where its training goes on."""
        found = self.predictor.predict(candidate.architecture, curve)
        beaten = [
            final
            for cost, final in zip(self.costs, self.finals, strict=True)
            if cost <= candidate.cost
        ]
        if found is None or not beaten:
            return None
        better = 1 - NormalDist(found.accuracy, found.deviation).cdf(max(beaten))
        return Outcome(found.accuracy, deviation=found.deviation) if better < self.chance else None


@dataclass(frozen=True)
class ByHalving:
    """Ends a training that is not among the best after as many epochs.

    Attributes:
        predictor: of last accuracies, which a stopped training is told by.
        halving: says which are to end.
    """

    predictor: CurvePredictor
    halving: Halving

    def __call__(self, candidate: Candidate, curve: Sequence[float]) -> Outcome | None:
        """None where its training goes on."""
        if not self.halving.stops(curve):
            return None
        found = self.predictor.predict(candidate.architecture, curve)
        return None if found is None else Outcome(found.accuracy, deviation=found.deviation)


def make_rule(
    settings: StopSettings,
    space: Space,
    epochs: int,
    finished: Sequence[Finished],
    stopped: Sequence[Sequence[float]],
) -> Stopping:
    """The rule that settings name.

    Args:
        settings: of early stopping.
        space: of the candidates.
        epochs: of a whole training.
        finished: the whole trainings that are known.
        stopped: the accuracies so far of the others.
    """
    first = settings.first_epoch(epochs)
    predictor = CurvePredictor(
        NetworkFeatures(space),
        np.array([one.architecture for one in finished], dtype=np.int64),
        np.array([one.curve for one in finished], dtype=np.float64),
        first,
    )
    if settings.chance is not None:
        costs = tuple(one.cost for one in finished)
        finals = tuple(one.curve[-1] for one in finished)
        return ByCurve(predictor, settings.chance, costs, finals)
    curves = [*(one.curve for one in finished), *stopped]
    return ByHalving(predictor, Halving(curves, first, settings.reduction or 3))
