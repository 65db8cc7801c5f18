"""Which network an ONNX file of an export is."""

import json
from pathlib import Path

from hwnas.core.digests import SHA256, digest
from hwnas.export.hashes import exported_hashes
from hwnas.export.layout import CONFIG
from hwnas.networks.blocks import Network, block_from_dict


def network_of(model: Path) -> Network | None:
    """The blocks of a file of an export, by what lies beside it; None for any other file.

    Args:
        model: the file; it is known by its hash in `verification.json`, or in `status.json`.
    """
    try:
        if (model.name, digest(model.read_bytes(), SHA256)) not in exported_hashes(model.parent):
            return None
        config = json.loads((model.parent / CONFIG).read_text(encoding="utf-8"))
        return tuple(map(block_from_dict, config["blocks"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
