"""`accuracy.source: macs` and `params`: the larger, the better; what any estimator has to beat."""

from dataclasses import replace
from typing import TYPE_CHECKING

from hwnas.estimators.source import Judge, Origin, SpaceAccuracy, space_digest
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.objectives.objective import AdditiveObjective
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.trellis import Trellis

if TYPE_CHECKING:
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder


def macs_judge(experiment: "Experiment", folder: "RunFolder", seed: int) -> Judge:
    """Multiply-accumulates of one image as a score; folder and seed change nothing."""
    del folder, seed
    return _judge(experiment, MACS)


def params_judge(experiment: "Experiment", folder: "RunFolder", seed: int) -> Judge:
    """Parameters as a score; folder and seed change nothing."""
    del folder, seed
    return _judge(experiment, PARAMETERS)


def _judge(experiment: "Experiment", cost: AdditiveObjective) -> Judge:
    score = replace(cost, direction="maximize")
    return Judge(
        SpaceAccuracy(experiment.space, score),
        Origin(cost.name),
        {"accuracy source": cost.name, "space": space_digest(experiment.space)},
        SumScore(Trellis.of(experiment.space, score)),
    )
