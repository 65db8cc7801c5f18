"""Training an ensemble as a whole: every member towards the labels, the trunk by all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hwnas.data.dataset import Split
from hwnas.networks.ensemble_module import EnsembleModule
from hwnas.training.placement import choose_device, placed
from hwnas.training.recalibration import recalibrate
from hwnas.training.rules import Pass
from hwnas.training.step_progress import StepProgress
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train


class Together:
    """The mean of the members' cross-entropies: each learns to be right by itself.

    That of the averaged probabilities alone would let members rest on one another (NEAS, Chen et
    al. 2021, arXiv 2104.00597, sums the members' losses as well).
    """

    identity = "members of an ensemble"
    learnt = None

    def passes(
        self,
        module: torch.nn.Module,
        inputs: Tensor,
        target: Tensor,
        generator: np.random.Generator,
        smoothing: float,
    ) -> Sequence[Pass]:
        """The one pass."""
        del generator

        def learn() -> Tensor:
            losses = [
                functional.cross_entropy(logits, target, label_smoothing=smoothing)
                for logits in module(inputs, apart=True)
            ]
            return torch.stack(losses).mean()

        return [learn]


@dataclass(frozen=True)
class EnsembleTraining:
    """How an ensemble is trained further.

    Attributes:
        config: hyper-parameters; nothing is compiled.
        checkpoint: the file of its weights.
    """

    config: TrainConfig
    checkpoint: Path

    def run(
        self, module: EnsembleModule, images: Split, progress: StepProgress | None = None
    ) -> None:
        """Trains a module in place; what is in the file is not trained again.

        Args:
            module: is left with the batch norm statistics that it is used with.
            images: at its resolution.
            progress: called after every step.

        Raises:
            RunError: see `hwnas.training.trainer.train`.
        """
        if self.config.epochs:
            config = self.config.model_copy(update={"compile": False})
            train(
                module,
                images,
                config,
                checkpoint=self.checkpoint,
                rule=Together(),
                progress=progress,
            )
        with placed(module, choose_device(self.config.device)):
            for member in module.members:  # the trunk has the same each time
                recalibrate(member, images.images)
        module.eval()
