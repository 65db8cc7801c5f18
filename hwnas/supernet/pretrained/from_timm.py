"""Asking the package timm, where it is installed, for the weights of one of its networks.

Contract, as of timm 1.0.31: `timm.create_model(NAME, pretrained=True)` downloads or takes from its
cache, and returns a torch module whose `pretrained_cfg` is a mapping with `mean` and `std`. Other
networks of the same NAME than ours are told apart by their tensors, as in files.
"""

import importlib
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.spaces.references.library import ASKED_OF_TIMM
from hwnas.supernet.pretrained.origin import Normalisation


@dataclass(frozen=True)
class Asked:
    """What timm has of a network: its tensors by timm's names, mean and std."""

    tensors: dict[str, Tensor]
    normalisation: Normalisation | None


def ask_timm(name: str) -> Asked:
    """The weights of a network of timm's.

    Args:
        name: as in "mobilenetv3_large_100", without the prefix.

    Raises:
        ConfigError: timm is not installed, does not load, or has or gets no such weights.
    """
    try:
        timm = importlib.import_module("timm")
    except Exception as error:  # as of a torchvision that is built for another torch
        if isinstance(error, ModuleNotFoundError) and error.name == "timm":
            why, remedy = "is not installed", "pip install timm, or name a file of weights"
        else:
            why = f"does not load here ({_first_line(error)})"
            remedy = "save the weights elsewhere, and name their file"
        raise ConfigError(
            f"{ASKED_OF_TIMM}{shown(name)} needs the package timm, which {why}; {remedy}"
        ) from error
    try:
        model: Any = timm.create_model(name, pretrained=True)
    except Exception as error:  # unknown names, no such weights, no connection: each has its own
        raise ConfigError(
            f"timm gives no weights of {shown(name)} ({_first_line(error)}); see "
            "timm.list_pretrained() for its names, or name a file of weights"
        ) from error
    settings = model.pretrained_cfg
    mean, std = settings.get("mean"), settings.get("std")
    return Asked(dict(model.state_dict()), (mean, std) if mean and std else None)


def _first_line(error: Exception) -> str:
    return shown(str(error).strip().partition("\n")[0] or type(error).__name__)
