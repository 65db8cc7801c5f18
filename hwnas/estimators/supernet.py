"""`accuracy.source: supernet`: the weights that a network inherits from the run's supernet."""

from typing import TYPE_CHECKING

from hwnas.estimators.source import Judge

if TYPE_CHECKING:
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder


def supernet_judge(experiment: "Experiment", folder: "RunFolder", seed: int) -> Judge:
    """The supernet of a run.

    Args:
        experiment: of the run.
        folder: holds the trained supernet.
        seed: changes nothing, since a supernet is trained by the seed of its config.

    Raises:
        RunError: it was not trained, or not to the end.
    """
    from hwnas.runs.training import load_supernet

    del seed
    return load_supernet(experiment, folder).judge
