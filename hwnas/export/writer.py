"""Writing an exported network: models, weights, what reads them elsewhere, and verification."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from hwnas.core.digests import SHA256, digest
from hwnas.core.files import write_atomically
from hwnas.core.json_text import to_json
from hwnas.core.version import VERSION
from hwnas.data import ImageDataset, describe
from hwnas.devices.engine import SUFFIX
from hwnas.export.card import CARD, signed, was_edited
from hwnas.export.image_input import FLOAT, UINT8, describe_input
from hwnas.export.layout import CONFIG, VERIFICATION
from hwnas.export.pytorch_source import MODEL_SOURCE, pytorch_source
from hwnas.export.timm import TIMM_SOURCE, timm_network, timm_source
from hwnas.latency.engine import SIDECAR
from hwnas.networks.blocks import Network, block_to_dict
from hwnas.networks.conventions import Conventions
from hwnas.networks.graph import INPUT, OPSET, OUTPUT
from hwnas.networks.ids import network_id
from hwnas.training.checkpoint import weights_file

# Names of the files that an export replaces as a whole.
_ENDS = "|".join(map(re.escape, (".onnx", ".ort", ".tflite", SUFFIX, SIDECAR)))
_EXPORTED = re.compile(
    rf"model(\.dynamic|\.fp32|\.fp16|\.int8|\.mixed|@.+)?({_ENDS})|status\.json"
    rf"|{re.escape(TIMM_SOURCE)}|timm\.safetensors"
)  # the last is of 0.1.0


def network_config(
    network: Network,
    dataset: ImageDataset,
    *,
    batch: int,
    training: dict[str, Any],
    conventions: Conventions,
    image_input: str = FLOAT,
) -> dict[str, Any]:
    """What a program needs to use the network: blocks, preprocessing, classes, timm's arguments.

    `training` says how its weights came about, `conventions` are the network's own, `image_input`
    is what the ONNX files take.
    """
    timm, names = timm_network(network), dataset.class_names
    of_timm = {} if timm is None else timm.config(dataset.resolution, names, conventions)
    return {
        "hwnas": VERSION,
        "id": network_id(network),
        **file_config(dataset, batch=batch, conventions=conventions, image_input=image_input),
        "arch_def": timm and timm.arch_def,
        **of_timm,
        "training": training,
        "batch_norm_epsilon": conventions.epsilon,
        "batch_norm_momentum": conventions.momentum,
        "blocks": [block_to_dict(block) for block in network],
    }


def file_config(
    dataset: ImageDataset, *, batch: int, conventions: Conventions, image_input: str
) -> dict[str, Any]:
    """The part of it that says what the ONNX file takes and gives, whatever is inside."""
    size = dataset.resolution
    taken = {
        "name": INPUT,
        "shape": [batch, 3, size, size],
        "preprocessing": describe(size, dataset.deep_bits, conventions),
    }
    return {
        "resolution": size,
        "input": describe_input(taken, image_input == UINT8),
        "output": {"name": OUTPUT, "shape": [batch, dataset.classes]},
        "opset": OPSET,
        "class_names": list(dataset.class_names),
    }


def source_files(network: Network, conventions: Conventions) -> dict[str, bytes]:
    """The programs of an export that build the network without hwnas, by name.

    `model.py` is plain PyTorch. `timm_model.py` is there where timm's classes can build it.
    """
    files = {MODEL_SOURCE: pytorch_source(network, conventions)}
    if timm_network(network) is not None:
        files[TIMM_SOURCE] = timm_source()
    return {name: text.encode() for name, text in files.items()}


def is_exported_name(name: str) -> bool:
    """Whether a file of that name belongs to an export, so that the next one replaces it."""
    return _EXPORTED.fullmatch(name) is not None


def write_export(
    folder: Path,
    *,
    files: Mapping[str, bytes],
    state: dict[str, torch.Tensor],
    config: dict[str, Any],
    verification: dict[str, Any],
    card: str | None = None,
) -> None:
    """Writes an export folder; `verification.json`, written last, marks it complete.

    The verification repeats the SHA-256 of the other files, so that a folder whose parts are of
    two exports is recognized; but for the card, `README.md`, which a person may edit.

    Args:
        folder: where.
        files: models, engines, programs and what is beside those, by name; those of an earlier
            export that are not among them are removed.
        state: the weights.
        config: see `network_config`.
        verification: what is known of the network.
        card: the model card, see `hwnas.export.card`; None for none. One that a person has edited
            stays, unless it is of another network: then it is kept as `README.earlier.md`.

    Raises:
        HwnasError: a file cannot be written.
    """
    contents = {
        **files,
        "model.safetensors": weights_file(state),
        CONFIG: as_json(config).encode(),
    }
    edited = card is not None and has_edited_card(folder)
    if edited and _id_in(folder) not in (config.get("id"), None):
        (folder / CARD).rename(folder / "README.earlier.md")
        edited = False
    (folder / VERIFICATION).unlink(missing_ok=True)
    for earlier in folder.glob("*"):
        if earlier.name not in contents and is_exported_name(earlier.name):
            earlier.unlink()
    for name, content in contents.items():
        write_atomically(folder / name, content)
    if card is not None and not edited:
        write_atomically(folder / CARD, signed(card))
    hashes = {name: digest(content, SHA256) for name, content in contents.items()}
    write_atomically(folder / VERIFICATION, as_json({**verification, "sha256": hashes}))


def has_edited_card(folder: Path) -> bool:
    """Whether a person has edited the card of an export folder."""
    try:
        return was_edited((folder / CARD).read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return False


def _id_in(folder: Path) -> str | None:
    """Of the network whose config.json is there; None where that is not known."""
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["id"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return str(found)


def as_json(content: Any) -> str:
    """Readable JSON with a newline at its end."""
    return to_json(content) + "\n"
