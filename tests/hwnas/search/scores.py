"""Scores of every kind that the tests of searches share."""

from dataclasses import replace

import numpy as np

from hwnas.estimators.costs import MACS_ESTIMATOR, PARAMETERS_ESTIMATOR
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.networks.blocks import Network
from hwnas.objectives.costs import PARAMETERS
from tests.hwnas.search.problems import (
    macro,
    synthetic_score,
)


class Estimated:
    """Scores as estimators give them."""

    def __init__(self, weights: str) -> None:
        self.identity = {"supernet": weights}

    def evaluate_architectures(self, architectures: np.ndarray) -> np.ndarray:
        return synthetic_score(architectures)


class Depth:
    """An objective of one's own that is to be maximised."""

    name, unit, direction = "depth", "blocks", "maximize"

    def evaluate(self, networks: list[Network]) -> np.ndarray:
        return np.array([len(network) for network in networks], dtype=np.float64)


SCORES = {
    "a function": lambda networks: [len(network) for network in networks],
    "the objective depth": Depth(),
    "the objective params": replace(PARAMETERS, direction="maximize"),
    "the estimator macs": MACS_ESTIMATOR.scores(EstimatorInputs(macro())),
    "the estimator params": PARAMETERS_ESTIMATOR.scores(EstimatorInputs(macro())),
}
