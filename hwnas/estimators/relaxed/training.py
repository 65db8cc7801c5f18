"""What trainings of mixtures share: two parts of the images, and a progress line."""

from typing import Protocol

from hwnas.core.errors import ConfigError
from hwnas.core.listener import Listener
from hwnas.data.dataset import Split
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.networks.trainable import Trainable
from hwnas.relaxation.rule import Mixed, Relaxed, halves
from hwnas.training.batches import Batches
from hwnas.training.distributed import current_group
from hwnas.training.trainer import TrainReport, train


class Shown(Mixed, Protocol):
    """A mixture that says in words where it stands."""

    @property
    def text(self) -> str:
        """For the progress line; "" for nothing."""


def image_parts(inputs: EstimatorInputs, share: float) -> tuple[Split, Split]:
    """The training images of networks' weights, and those of the mixture, a share of all.

    Raises:
        ConfigError: one of both would be without images.
    """
    try:
        return halves(inputs.dataset.train, share, inputs.recipe.seed)
    except ValueError as error:
        raise ConfigError(f"relaxation.images: {error}") from error


def check_one_process(estimator: str) -> None:
    """Refuses several processes.

    Raises:
        ConfigError: with a sentence.
    """
    if current_group().processes > 1:
        raise ConfigError(
            f"the mixture of {estimator} is learnt in one process; run 'hwnas train' without "
            "torchrun"
        )


def train_mixture(
    inputs: EstimatorInputs,
    module: Trainable,
    mixture: Shown,
    images: tuple[Split, Split],
    identity: str,
    listener: Listener,
) -> TrainReport:
    """Trains the weights of networks and what mixes them, or continues.

    Args:
        inputs: `weights` is the file to write.
        module: with the weights, called as `module(images, shares)`.
        mixture: that has not moved, or is restored before the first step.
        images: of the weights of networks, and of the mixture.
        identity: of the mixture's settings; its images are added to it.
        listener: gets its progress.

    Raises:
        RunError: see `hwnas.training.trainer.train`.
    """
    config, (of_weights, of_mixture) = inputs.recipe, images
    rule = Relaxed(
        mixture,
        Batches(of_mixture, config, module.classes, conventions=module.conventions),
        f"{identity}, logits on {of_mixture.digest}",
    )
    title = (
        f"training weights on {len(of_weights):,} and their mixture on {len(of_mixture):,} images "
        f"of {inputs.dataset.name}"
    )
    with listener.progress(title, "steps") as update:

        def show(step: int, of_steps: int, loss: float) -> None:
            update(step, of_steps, ", ".join(filter(None, (f"loss {loss:.3f}", mixture.text))))

        return train(
            module,
            of_weights,
            config,
            checkpoint=inputs.weights_file,
            rule=rule,
            progress=show,
            log=inputs.log,
        )
