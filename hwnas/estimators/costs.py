"""`accuracy.estimator: macs` and `params`: more is better; what any estimator has to beat."""

from dataclasses import replace

from typing_extensions import override

from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.objectives.objective import AdditiveObjective
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.trellis import Trellis


class CostEstimator(Estimator):
    """A cost of a network as its score."""

    free = True

    def __init__(self, cost: AdditiveObjective) -> None:
        self.cost = cost
        self.name, self.unit = cost.name, cost.unit
        self.label = cost.unit

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        cost = replace(self.cost, direction="maximize")
        return self.of_exact(inputs, SumScore(Trellis.of(inputs.space, cost)))


MACS_ESTIMATOR = CostEstimator(MACS)
PARAMETERS_ESTIMATOR = CostEstimator(PARAMETERS)
