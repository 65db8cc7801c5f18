"""Reading an exported network back."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwnas.core.digests import SHA256, digest
from hwnas.core.errors import ConfigError, RunError
from hwnas.networks.blocks import block_from_dict, check_network
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.training.checkpoint import load_weights


def read_network(folder: Path) -> NetworkModule:
    """The network of an export folder, `config.json` and `model.safetensors`.

    Raises:
        ConfigError: no such folder, or its files are damaged or do not fit together.
    """
    path = folder / "config.json"
    try:
        _check_whole(folder)
        config = json.loads(path.read_text(encoding="utf-8"))
        network = tuple(map(block_from_dict, config["blocks"]))
        check_network(network)
        state, _ = load_weights(folder / "model.safetensors")
        module = NetworkModule(network, conventions=_conventions(config))
        module.load_state_dict(state)
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {error.strerror or error}; name the folder of an exported "
            "network, as in runs/quickstart/export/winner"
        ) from error
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RuntimeError,
        RecursionError,
        RunError,
    ) as error:
        sentence = str(error).splitlines()[0]
        raise ConfigError(
            f"{folder} holds no whole exported network ({sentence}); export it again"
        ) from error
    return module


def _conventions(config: Mapping[str, Any]) -> Conventions:
    """Those that a config.json tells; older ones say less, and mean the usual ones."""
    preprocessing = config.get("input", {}).get("preprocessing", {})
    red, green, blue = map(float, preprocessing.get("mean", USUAL.mean))
    of_red, of_green, of_blue = map(float, preprocessing.get("std", USUAL.std))
    return Conventions(
        epsilon=float(config.get("batch_norm_epsilon", USUAL.epsilon)),
        momentum=float(config.get("batch_norm_momentum", USUAL.momentum)),
        mean=(red, green, blue),
        std=(of_red, of_green, of_blue),
    )


def _check_whole(folder: Path) -> None:
    """Raises ValueError where a file is another than the one that was exported."""
    path = folder / "verification.json"
    if not path.is_file():  # the two files that are read may have been copied alone
        return
    hashes = json.loads(path.read_text(encoding="utf-8"))["sha256"]
    for name in ("config.json", "model.safetensors"):
        if digest((folder / name).read_bytes(), SHA256) != hashes[name]:
            raise ValueError(f"{name} was changed after the export")
