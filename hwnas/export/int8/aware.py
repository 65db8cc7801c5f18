"""Quantisation-aware fine-tuning: a network learns to do with what int8 can say."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hwnas.core.digests import digest
from hwnas.data import Split
from hwnas.export.int8.grids import Grid
from hwnas.export.int8.rounded import RoundedNetwork
from hwnas.networks.folding import FoldedWeights
from hwnas.networks.modules import NetworkModule
from hwnas.training.checkpoint import weights_digest
from hwnas.training.distillation import Taught
from hwnas.training.placement import choose_device, placed
from hwnas.training.step_progress import StepProgress
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train

EPOCHS, RATE = 3, 0.05
"""How long at most, and the share of the learning rate that the network was trained with."""


def trained_for_int8(
    module: NetworkModule,
    weights: Sequence[FoldedWeights],
    grids: Mapping[str, Grid],
    images: Split,
    config: TrainConfig,
    folder: Path,
    progress: StepProgress | None = None,
) -> list[FoldedWeights]:
    """The folded weights of a network, trained to be rounded.

    It learns from itself before it was rounded, beside the labels. Finished weights are kept by
    what they depend on, and read again.

    Args:
        module: the trained network; it is left as it is.
        weights: what it begins with, batch norm folded in.
        grids: of its int8 graph; they stay as they are.
        images: to train on.
        config: how the network itself was trained.
        folder: where finished weights are kept.
        progress: called after every step.

    Raises:
        RunError: see `hwnas.training.trainer.train`.
    """
    short, rule = aware_config(config), Taught(module)
    network = RoundedNetwork(module.blocks, weights, grids, module.conventions)
    begun = weights_digest(network.state_dict())
    name = digest("\n".join([begun, network.identity, short.settings, rule.identity]))
    checkpoint = folder / f"int8-{name}.safetensors"
    with placed(module, choose_device(short.device)):
        train(network, images, short, checkpoint=checkpoint, rule=rule, progress=progress)
    return network.folded()


def aware_config(config: TrainConfig) -> TrainConfig:
    """A short training with small steps, of all layers, by the settings of a longer one."""
    return config.model_copy(
        update={
            "epochs": max(1, min(EPOCHS, config.epochs)),
            "learning_rate": RATE * config.learning_rate,
            "warmup_epochs": 0.1,
            "frozen_epochs": 0,
            "body_rate": 1.0,
            "ema": 0.0,
            "precision": "fp32",
            "compile": False,
        }
    )
