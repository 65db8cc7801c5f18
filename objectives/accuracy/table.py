"""TableAccuracy: the accuracies that somebody measured, looked up."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from devices.errors import AccuracyError
from latency.blocks import Network
from objectives.objective import Direction


class TableAccuracy:
    """Accuracy in percent of networks that are in a table; an Objective."""

    name = "accuracy"
    unit = "%"
    direction: Direction = "maximize"

    def __init__(self, accuracies: Mapping[Network, float]) -> None:
        """Takes the accuracy in percent of each network."""
        self._accuracies = dict(accuracies)

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) accuracies of N networks, in percent.

        Raises:
            AccuracyError: a network is not in the table.
        """
        try:
            return np.array([self._accuracies[network] for network in networks], dtype=np.float64)
        except KeyError as error:
            raise AccuracyError(
                "a network is not in the table of accuracies; use accuracy.source: predictor, "
                "which judges networks that are not"
            ) from error
