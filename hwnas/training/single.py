"""Training a single network to what it is used as."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hwnas.data.dataset import Split
from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule
from hwnas.training.placement import choose_device, placed
from hwnas.training.recalibration import recalibrate
from hwnas.training.rules import Rule
from hwnas.training.step_progress import StepProgress
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import Goes, train
from hwnas.training.training_state import has_ended


@dataclass(frozen=True)
class SingleTraining:
    """A network that is to be trained, and how.

    Attributes:
        network: its blocks.
        start: makes it, with the weights that it starts from.
        config: hyper-parameters.
        checkpoint: the file of its weights.
        rule: what is trained in a step; None for the labels alone.
    """

    network: Network
    start: Callable[[], NetworkModule]
    config: TrainConfig
    checkpoint: Path
    rule: Rule | None = None

    @property
    def is_left(self) -> bool:
        """Whether anything is to be trained that is not in the file yet."""
        return self.config.epochs > 0 and not has_ended(self.checkpoint)

    def run(self, images: Split, progress: StepProgress | None = None) -> NetworkModule:
        """The trained network; what is in the file is not trained again.

        Args:
            images: at its resolution.
            progress: called after every step.

        Raises:
            RunError: see `hwnas.training.trainer.train`.
        """
        module = self.start()
        train_network(module, images, self.config, self.checkpoint, progress, rule=self.rule)
        return module


def train_network(
    module: NetworkModule,
    images: Split,
    config: TrainConfig,
    checkpoint: Path,
    progress: StepProgress | None = None,
    *,
    rule: Rule | None = None,
    goes_on: Goes | None = None,
) -> bool:
    """Trains a network, and gives it the batch norm statistics that it is used with.

    Returns:
        Whether it was trained to the end; one that `goes_on` stopped is of no further use.

    Raises:
        RunError: see `hwnas.training.trainer.train`.
    """
    if config.epochs:
        report = train(
            module,
            images,
            config,
            checkpoint=checkpoint,
            rule=rule,
            progress=progress,
            goes_on=goes_on,
        )
        if report.ended_early:
            return False
    with placed(module, choose_device(config.device)):
        recalibrate(module, images.images)
    return True
