"""`accuracy.source: blockwise`: a network's score from the ratings of its stages, looked up."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hwnas.estimators.source import Judge, Origin
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import Direction
from hwnas.search.exact.stages import StageScore
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures
from hwnas.spaces.stages import StageSpace

if TYPE_CHECKING:
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder


class BlockwiseRating:
    """Minus the sum of the losses of a network's stages (DNA, arXiv 1911.13053); an Objective.

    It is additive over stages: `trellis` goes into the exact search over a `StageSpace`, with costs
    laid out by `hwnas.search.exact.stages`.
    """

    name = "blockwise"
    unit = "minus relative error"
    direction: Direction = "maximize"

    def __init__(self, stages: StageSpace, losses: Sequence[NDArray[np.float64]]) -> None:
        """Takes the losses that `hwnas.supernet.stage_ratings.rate_stages` gave.

        Args:
            stages: of the networks' space.
            losses: S arrays (P,), of the paths of each stage.
        """
        self.stages = stages
        values = [-stage for stage in losses]
        self.trellis = Trellis.from_values(stages, self.name, self.unit, 0.0, values)

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) scores of N networks of the space.

        Raises:
            ValueError: a network is not in the space.
        """
        return self.evaluate_architectures(self.stages.space.architectures(networks))

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of a population (N, L), by lookups.

        Raises:
            ValueError: not architectures of the space.
        """
        return self.trellis.evaluate(self.stages.of_blocks(architectures))


def blockwise_judge(experiment: "Experiment", folder: "RunFolder", seed: int) -> Judge:
    """The ratings of a run's stages; `seed` changes nothing.

    Raises:
        RunError: they were not rated, or not to the end.
    """
    from hwnas.runs.additive import load_ratings

    del seed
    losses = load_ratings(experiment, folder)
    objective = BlockwiseRating(StageSpace(experiment.space), losses)
    ratings = hashlib.sha256(b"".join(stage.tobytes() for stage in losses)).hexdigest()[:16]
    return Judge(
        objective,
        Origin("blockwise"),
        {"accuracy source": "blockwise", "ratings": ratings},
        StageScore(objective.stages, objective.trellis),
    )
