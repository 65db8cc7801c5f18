"""Weights at rest: safetensors files that are there whole or not at all."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from devices.errors import RunError
from devices.files import write_atomically


def save_weights(
    path: Path, state: Mapping[str, torch.Tensor], metadata: Mapping[str, str]
) -> None:
    """Writes tensors and texts in place of what is there; a kill at any moment leaves old or new.

    Raises:
        RunError: the file cannot be written, for example because the disk is full; what was there
            before is still there.
    """
    content = save({name: tensor.contiguous() for name, tensor in state.items()}, dict(metadata))
    write_atomically(path, content, error=RunError)


def load_weights(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors and texts of a file written by `save_weights`.

    Raises:
        RunError: the file is missing, unreadable, cut short, or not a safetensors file.
    """
    if not path.is_file():
        raise RunError(f"there are no weights at {path}; train first")
    try:
        with safe_open(path, framework="pt") as file:
            # Copies: what is read stays valid when the file is replaced or cut.
            state = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            return state, dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise RunError(f"{path} is damaged ({error}); delete it and train again") from error


def digest(state: Mapping[str, torch.Tensor]) -> str:
    """16 hexadecimal digits of names and values; a file's own bytes also hold unordered texts."""
    hashed = hashlib.sha256()
    for name, tensor in state.items():
        hashed.update(name.encode())
        hashed.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return hashed.hexdigest()[:16]
