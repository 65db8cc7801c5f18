"""What lies in and beside a file of weights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.supernet.pretrained.origin import Normalisation
from hwnas.training.state_dict import read_checkpoint

CONFIG = "config.json"
OURS = "hwnas"
"""The key that the config.json of our exports has."""


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights, with what may tell which network they are of.

    Attributes:
        tensors: by the names in the file.
        names: what may be the name of the network, the most reliable first: in a config.json of
            timm's beside the file, in the file, of the file.
        normalisation: mean and std of that config.json.
    """

    tensors: dict[str, Tensor]
    names: tuple[str, ...]
    normalisation: Normalisation | None


def read_weights_file(path: Path) -> WeightsFile:
    """Reads a file, and the config.json beside it that is timm's or Hugging Face's.

    Raises:
        ConfigError: one of them cannot be read.
    """
    checkpoint = read_checkpoint(path)
    beside = read_config(path.parent)
    published = beside.get("pretrained_cfg")
    settings = published if isinstance(published, dict) else {}
    mean, std = settings.get("mean"), settings.get("std")
    stated = [beside.get("architecture"), *(checkpoint.texts.get(key) for key in _KEYS)]
    tag = settings.get("tag")
    if isinstance(stated[0], str) and isinstance(tag, str):
        stated[0] = f"{stated[0]}.{tag}"
    names = (*(text for text in stated if isinstance(text, str)), path.name)
    return WeightsFile(checkpoint.tensors, names, (mean, std) if mean and std else None)


# What checkpoints of timm's training program and safetensors files may name their network by.
_KEYS = ("architecture", "arch", "model_name")


def read_config(folder: Path) -> Mapping[str, Any]:
    """The config.json in a folder; empty where there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    path = folder / CONFIG
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path}, which should say what network the weights beside it are of, cannot be read "
            f"({error}); correct it, or move the weights into a folder of their own"
        ) from error
    return content if isinstance(content, dict) else {}
