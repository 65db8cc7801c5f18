"""What a supernet starts from: random weights, or those of a published one."""

from dataclasses import dataclass

from hwnas.core.errors import ConfigError
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.supernet.once_for_all import OnceForAll
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import load_weights


@dataclass(frozen=True)
class Start:
    """A supernet before its training, and a sentence on its weights; "" when they are random."""

    supernet: Supernet
    text: str


def start_supernet(inputs: EstimatorInputs) -> Start:
    """A supernet as its training starts; nothing is written.

    One that has a checkpoint already continues without the published weights.

    Raises:
        ConfigError: the published weights cannot be read, do not fit the space, or are to be taken
            as they are with another number of classes.
        RunError: the checkpoint is damaged.
    """
    config, source, checkpoint = inputs.recipe, inputs.published, inputs.weights_file
    supernet = Supernet(
        inputs.space, seed=config.seed, kernel_transforms=inputs.published is not None
    )
    if source is None:
        return Start(supernet, "")
    if not source.exists() and checkpoint.is_file():
        _, texts = load_weights(checkpoint)
        supernet.start = texts.get("start", "")
        return Start(supernet, f"{source} is gone; {checkpoint} continues without it")
    published = OnceForAll.read(source)
    published.load_into(supernet)
    text = f"published weights: {source}, {published.kind}, {published.classes} classes"
    classes = inputs.space.classes
    if published.classes != classes:
        if not config.epochs:
            raise ConfigError(
                f"{source} has {published.classes} classes and the images have {classes}, "
                "so that its classifier must be trained; set train.epochs to at least 1"
            )
        text += f"; the images have {classes}: the classifier starts from random weights"
    return Start(supernet, text)
