"""Writing an exported network: ONNX, safetensors, config and verification."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from devices.engine import SUFFIX
from devices.files import write_atomically
from devices.json_text import to_json
from hwnas import __version__
from hwnas.data import ImageDataset, describe
from hwnas.export.timm import timm_arch_def, timm_arguments
from latency.blocks import Network, block_to_dict
from latency.engine import SIDECAR
from latency.graph import INPUT, OPSET, OUTPUT


def network_config(
    network: Network, dataset: ImageDataset, *, batch: int, training: dict[str, Any]
) -> dict[str, Any]:
    """What a program needs to use the network: blocks, arch_def, preprocessing, classes.

    `training` says how its weights came about.
    """
    return {
        "hwnas": __version__,
        "resolution": dataset.resolution,
        "input": {
            "name": INPUT,
            "shape": [batch, 3, dataset.resolution, dataset.resolution],
            "preprocessing": describe(dataset.resolution),
        },
        "output": {"name": OUTPUT, "shape": [batch, len(dataset.class_names)]},
        "opset": OPSET,
        "class_names": list(dataset.class_names),
        "arch_def": timm_arch_def(network),
        "timm": timm_arguments(network),
        "training": training,
        "blocks": [block_to_dict(block) for block in network],
    }


def write_export(
    folder: Path,
    *,
    model: bytes,
    state: dict[str, torch.Tensor],
    config: dict[str, Any],
    verification: dict[str, Any],
    engine: Mapping[str, bytes],
) -> None:
    """Writes an export folder; `verification.json`, written last, marks it complete.

    `engine` has the files of one by the ends of their names, see `latency.engine.BuiltEngine`;
    those of an earlier export are removed where there is none.

    The verification repeats the SHA-256 of the other files, so that a folder whose parts are of
    two exports can be told.

    Raises:
        HwnasError: a file cannot be written.
    """
    weights = save({name: tensor.contiguous() for name, tensor in state.items()})
    files = {
        "model.onnx": model,
        "model.safetensors": weights,
        "config.json": as_json(config).encode(),
        **{f"model{end}": content for end, content in engine.items()},
    }
    (folder / "verification.json").unlink(missing_ok=True)
    for end in (SUFFIX, SIDECAR):
        if end not in engine:
            (folder / f"model{end}").unlink(missing_ok=True)
    for name, content in files.items():
        write_atomically(folder / name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    write_atomically(folder / "verification.json", as_json({**verification, "sha256": hashes}))


def as_json(content: Any) -> str:
    """Readable JSON with a newline at its end."""
    return to_json(content) + "\n"
