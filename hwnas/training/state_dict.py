"""State dicts from elsewhere: .safetensors, or what torch.save wrote, without running its code."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

# Where training programs put the state dict of a network: the first that is there is taken, as
# timm does, so that averaged weights come before those of the last step.
_PLACES = ("state_dict_ema", "model_ema", "ema", "state_dict", "model", "module")
_DEEPEST = 10
"""Dicts in each other, beyond what any program writes."""


@dataclass(frozen=True)
class StateDict:
    """The tensors of a checkpoint by name, on the CPU, and the texts that stand beside them."""

    tensors: dict[str, torch.Tensor]
    texts: Mapping[str, str]


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint by name; see `read_checkpoint`."""
    return read_checkpoint(path).tensors


def read_checkpoint(path: Path) -> StateDict:
    """A state dict, also where it is one of the entries of a checkpoint.

    Raises:
        ConfigError: no such file, damaged or cut short, with code in it, or not a state dict.
    """
    if not path.is_file():
        if path.is_dir():
            raise ConfigError(f"the checkpoint {path} is a folder; name a file in it")
        raise ConfigError(f"the checkpoint {path} is not there; name another path, or download it")
    content, texts = _load_safetensors(path) if _is_safetensors(path) else (_load_pickled(path), {})
    for _ in range(_DEEPEST):  # a dict may hold itself
        if not isinstance(content, dict):
            break
        texts |= {key: value for key, value in content.items() if isinstance(value, str)}
        content = next(
            (content[at] for at in _PLACES if isinstance(content.get(at), dict)), content
        )
    if not isinstance(content, dict) or not content or not all(map(_is_entry, content.items())):
        raise ConfigError(
            f"{path} is not a state dict, names with tensors, but {_described(content)}; "
            "save one with torch.save(model.state_dict(), FILE)"
        )
    return StateDict(dict(content), texts)


def _is_safetensors(path: Path) -> bool:
    """By its content (eight bytes of length, then JSON): published files often have no suffix."""
    try:
        with path.open("rb") as file:
            return file.read(9)[8:] == b"{"
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def _load_safetensors(path: Path) -> tuple[Any, dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            # Copies: what is read stays valid when the file is replaced or cut.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            texts = dict(file.metadata() or {})
    # Headers that cannot be make PyTorch raise errors of many kinds.
    except Exception as error:
        raise _damaged(path, shown(str(error).partition("\n")[0])) from error
    return tensors, texts


def _load_pickled(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # The one of its many reasons that is no damage: something to import and call. It is written
        # in capitals where PyTorch blocks a whole module, such as posix.
        if "unsupported global" not in str(error).lower():
            raise _damaged(path, "it is cut short, or of another kind") from error
        raise ConfigError(
            f"{path} holds more than tensors, and hwnas runs no code from a file; save its state "
            "dict alone, with torch.save(model.state_dict(), FILE)"
        ) from error
    except Exception as error:  # zip reader, legacy reader: each has its own for damaged files
        raise _damaged(path, "it is cut short, or of another kind") from error


def _damaged(path: Path, why: str) -> ConfigError:
    return ConfigError(f"{path} cannot be read as a checkpoint ({why}); download it again")


def _is_entry(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], torch.Tensor)


def _described(content: Any) -> str:
    if not isinstance(content, dict):
        return f"a {type(content).__name__}"
    return f"a dict with {', '.join(map(repr, list(content)[:3]))}" if content else "empty"
