"""How far an export goes for an int8 file that holds."""

from dataclasses import dataclass
from pathlib import Path

from hwnas.core.listener import SILENT, Listener
from hwnas.training.train_config import TrainConfig

MOST_DROP = 1.0
"""Points of accuracy that int8 may cost by default."""


@dataclass(frozen=True)
class Aware:
    """What a quantisation-aware fine-tuning needs.

    Attributes:
        config: how the network was trained; what is kept of it are batches and augmentation.
        folder: where finished weights are kept.
    """

    config: TrainConfig
    folder: Path


@dataclass(frozen=True)
class Int8Plan:
    """How far to go.

    Attributes:
        most_drop: points of accuracy on the validation images above which the network is trained.
        aware: how; None for never.
        listener: follows it.
        name: what the network is called meanwhile.
    """

    most_drop: float = MOST_DROP
    aware: Aware | None = None
    listener: Listener = SILENT
    name: str = "network"


CALIBRATED = Int8Plan()
"""Nothing is trained."""
