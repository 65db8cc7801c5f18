"""PredictedAccuracy: what a regression expects of a network, by the choices it is made of."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from latency.blocks import Network
from objectives.accuracy.regression import Regression
from objectives.objective import Direction

_DIGITS = 6  # of a percent; see `evaluate`


class PredictedAccuracy:
    """Predicted accuracy in percent; an Objective.

    Attributes:
        regression: fitted to networks of known accuracy.
    """

    name = "accuracy"
    unit = "%"
    direction: Direction = "maximize"

    def __init__(
        self, regression: Regression, choices_of: Callable[[Network], NDArray[np.int64]]
    ) -> None:
        """Takes a fitted regression, and what gives the choices (L,) that a network is made of."""
        self.regression = regression
        self._choices_of = choices_of

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) accuracies of N networks, in percent; beyond 100 where a regression goes too far.

        Raises:
            ValueError: a network is none of those that the choices describe.
        """
        if not networks:
            return np.zeros(0)
        rows = np.array([self._choices_of(network) for network in networks], dtype=np.int64)
        # Linear algebra libraries differ in the last bits from machine to machine, and by how
        # many rows they get; a resumed search must rank architectures as it did before.
        return np.round(self.regression.predict(rows), _DIGITS)
