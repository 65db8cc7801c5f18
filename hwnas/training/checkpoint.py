"""Weights at rest: safetensors files that are there whole or not at all."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save

from hwnas.core.digests import DIGITS
from hwnas.core.errors import RunError
from hwnas.core.files import write_atomically
from hwnas.core.foreign_text import shown

_DIGEST = "sha256"


def save_weights(
    path: Path, state: Mapping[str, torch.Tensor], metadata: Mapping[str, str]
) -> None:
    """Writes tensors and texts in place of what is there; a kill at any moment leaves old or new.

    A digest of all of them goes into the file: what a disk or a transfer changed is found when it
    is read, where the format itself checks nothing but lengths.

    Raises:
        RunError: the file cannot be written, for example because the disk is full; what was there
            before is still there.
    """
    write_atomically(path, weights_file(state, metadata), error=RunError)


def weights_file(
    state: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None
) -> bytes:
    """The content of such a file."""
    texts = metadata or {}
    whole = {**texts, _DIGEST: _digest_of_all(state, texts)}
    return save({name: tensor.contiguous() for name, tensor in state.items()}, whole)


def load_weights(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors and texts of a file written by `save_weights`.

    Raises:
        RunError: the file is missing, unreadable, cut short, changed, not a safetensors file, or
            one that another program wrote.
    """
    if not path.is_file():
        raise RunError(f"there are no weights at {path}; train first")
    try:
        with safe_open(path, framework="pt") as file:
            # Copies: what is read stays valid when the file is replaced or cut.
            state = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            texts = dict(file.metadata() or {})
    # Headers that cannot be make PyTorch raise errors of many kinds.
    except Exception as error:
        why = shown(str(error).splitlines()[0] if str(error) else type(error).__name__)
        raise damaged(path, why) from error
    written = texts.pop(_DIGEST, None)
    if written is None:
        raise RunError(
            f"the weights {path} were not written by hwnas; name a file that 'hwnas train' wrote"
        )
    if written != _digest_of_all(state, texts):
        raise damaged(path, "its weights were changed after they were written")
    return state, texts


def damaged(path: Path, why: str) -> RunError:
    """The error to raise of weights that cannot be used."""
    return RunError(f"{path} is damaged ({why}); move it away and train again")


def _digest_of_all(state: Mapping[str, torch.Tensor], texts: Mapping[str, str]) -> str:
    """64 hexadecimal digits of tensors with their names, types and shapes, and of texts."""
    hashed = hashlib.sha256(json.dumps(sorted(texts.items())).encode())
    for name, tensor in sorted(state.items()):
        hashed.update(f"\0{name} {tensor.dtype} {list(tensor.shape)}\0".encode())
        hashed.update(_bytes(tensor))
    return hashed.hexdigest()


def weights_digest(state: Mapping[str, torch.Tensor]) -> str:
    """16 hexadecimal digits of names and values; a file's own bytes also hold unordered texts."""
    hashed = hashlib.sha256()
    for name, tensor in state.items():
        hashed.update(name.encode())
        hashed.update(_bytes(tensor))
    return hashed.hexdigest()[:DIGITS]


def _bytes(tensor: torch.Tensor) -> bytes:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    # An array without numbers may have strides that PyTorch cannot view as bytes.
    return bytes(flat.view(torch.uint8).numpy().tobytes()) if flat.numel() else b""
