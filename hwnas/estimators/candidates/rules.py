"""The rules that end a training early, made of the trainings that are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from hwnas.estimators.candidates.curve_prediction import CurvePredictor, NetworkFeatures
from hwnas.estimators.candidates.halving import Halving
from hwnas.estimators.candidates.settings import StopSettings
from hwnas.search.outcome import Candidate, Finished, Outcome, Stopping


@dataclass(frozen=True)
class ByCurve:
    """Ends a training that is unlikely to beat the best network.

    Attributes:
        predictor: of last accuracies.
        chance: below it a training ends.
        costs: (N,) on the front's other axis, of the whole trainings that are known.
        finals: (N,) what they ended with, in percent.
        of_all: whether that is the best of all, and not of no greater cost.
    """

    predictor: CurvePredictor
    chance: float
    costs: tuple[float, ...]
    finals: tuple[float, ...]
    of_all: bool = False

    def __call__(self, candidate: Candidate, curve: Sequence[float]) -> Outcome | None:
        """None where its training goes on."""
        found = self.predictor.predict(candidate.architecture, curve)
        beaten = [
            final
            for cost, final in zip(self.costs, self.finals, strict=True)
            if self.of_all or cost <= candidate.cost
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
    settings: StopSettings | None,
    features: NetworkFeatures,
    finished: Sequence[Finished],
    stopped: Sequence[Sequence[float]],
) -> Stopping | None:
    """The rule that settings name; None while too few trainings are known.

    Args:
        settings: of early stopping; None for none.
        features: of the space's networks.
        finished: the whole trainings that are known.
        stopped: the accuracies so far of the others.
    """
    if settings is None or len(finished) < settings.after:
        return None
    curves = np.array([one.curve for one in finished], dtype=np.float64)
    first = settings.first_epoch(curves.shape[1])
    rows = np.array([one.architecture for one in finished], dtype=np.int64)
    predictor = CurvePredictor(features, rows, curves, first)
    if settings.chance is not None:
        costs = tuple(one.cost for one in finished)
        finals = tuple(one.curve[-1] for one in finished)
        return ByCurve(predictor, settings.chance, costs, finals, settings.against == "all")
    every = [*curves.tolist(), *stopped]
    return ByHalving(predictor, Halving(every, first, settings.reduction or 3))
