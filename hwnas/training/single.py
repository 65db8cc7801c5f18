"""Training a single network to what it is used as."""

from pathlib import Path

from hwnas.data.dataset import Split
from hwnas.networks.modules import NetworkModule
from hwnas.training.placement import choose_device, placed
from hwnas.training.recalibration import recalibrate
from hwnas.training.rules import Rule
from hwnas.training.step_progress import StepProgress
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import Goes, train


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
