"""What the supernet of a run starts from: random weights, or those of a published one."""

from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import ConfigError
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.supernet.once_for_all import OnceForAll
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import load_weights


@dataclass(frozen=True)
class Start:
    """A supernet before its training, and a sentence on its weights; "" when they are random."""

    supernet: Supernet
    text: str


def untrained_supernet(experiment: Experiment) -> Supernet:
    """The supernet of a run with random weights, into which those of its checkpoint go."""
    config = experiment.config
    return Supernet(
        experiment.space,
        seed=config.recipe.train.seed,
        kernel_transforms=config.from_ofa is not None,
    )


def start_supernet(experiment: Experiment, folder: RunFolder) -> Start:
    """The supernet of a run as its training starts; nothing is written.

    A run that has a checkpoint of its own goes on without the published one.

    Raises:
        ConfigError: the published one cannot be read, does not fit the space, or is to be taken
            as it is with another number of classes.
        RunError: the run's own checkpoint is damaged.
    """
    supernet = untrained_supernet(experiment)
    named = experiment.config.from_ofa
    if named is None:
        return Start(supernet, "")
    source = experiment.sources.find(named)
    if not Path(source).exists() and folder.supernet_file.is_file():
        _, texts = load_weights(folder.supernet_file)
        supernet.start = texts.get("start", "")
        return Start(supernet, f"{source} is gone; {folder.supernet_file} goes on without it")
    published = OnceForAll.read(Path(source))
    published.load_into(supernet)
    text = f"published weights: {source}, {published.kind}, {published.classes} classes"
    classes = experiment.space.classes
    if published.classes != classes:
        if not experiment.config.recipe.train.epochs:
            raise ConfigError(
                f"{source} tells {published.classes} classes apart and the images have {classes}, "
                "so that its classifier must be trained; set train.epochs to at least 1"
            )
        text += f"; the images have {classes}: the classifier starts anew"
    return Start(supernet, text)
