"""`accuracy.source: bn`: a network's score from the batch norms of its choices, looked up."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hwnas.estimators.source import Judge, Origin
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import Direction
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures, SearchSpace

if TYPE_CHECKING:
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder


class BatchNormIndicator:
    """The sum of a network's indicators, one a slot (BN-NAS, arXiv 2108.07375); an Objective.

    It is additive: `trellis` goes into the exact search as it is. What is skipped adds 0, hence of
    two networks that differ in skips alone the deeper one always scores more; compare them within
    a budget.
    """

    name = "bn_indicator"
    unit = "mean |γ|"
    direction: Direction = "maximize"

    def __init__(self, space: SearchSpace, indicators: Sequence[NDArray[np.float64]]) -> None:
        """Takes the indicators of a trained `hwnas.supernet.norm_supernet.NormSupernet`.

        Args:
            space: that of the networks.
            indicators: L arrays (C,), of the choices of each slot.
        """
        self.space = space
        self.trellis = Trellis.from_values(space, self.name, self.unit, 0.0, indicators)

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) scores of N networks of the space.

        Raises:
            ValueError: a network is not in the space.
        """
        return self.evaluate_architectures(self.space.architectures(networks))

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of a population (N, L), by lookups: millions a second.

        Raises:
            ValueError: not architectures of the space.
        """
        return self.trellis.evaluate(self.space.canonical(architectures))


def bn_judge(experiment: "Experiment", folder: "RunFolder", seed: int) -> Judge:
    """The indicators of a run's trained batch norms; `seed` changes nothing.

    Raises:
        RunError: they were not trained, or not to the end.
    """
    from hwnas.runs.additive import load_norms
    from hwnas.training.checkpoint import digest

    del seed
    supernet = load_norms(experiment, folder)
    objective = BatchNormIndicator(experiment.space, supernet.indicators())
    identity = {"accuracy source": "bn", "norms": digest(supernet.state_dict())}
    return Judge(objective, Origin("bn"), identity, SumScore(objective.trellis))
