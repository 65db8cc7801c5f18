"""timm and torchvision as they are, beside the CPU build of torch; and what they computed once.

torchvision's wheels are built for CUDA: beside another torch its compiled part does not load, and
the shapes of its operators cannot be registered. Its networks, and timm, need neither.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from safetensors.torch import load_file

from hwnas.networks.modules import LayerModule, NetworkModule
from tests.packages import installed
from tests.shared_data import shared_data

TIMM, TORCHVISION = "1.0.31", "0.28.0"

State = dict[str, torch.Tensor]


@contextmanager
def published_libraries() -> Iterator[None]:
    """Lets `timm` and `torchvision` be imported, from the cache of the tests."""
    folders = [str(installed("timm", TIMM)), str(installed("torchvision", TORCHVISION))]
    sys.path += folders
    try:
        with mock.patch.object(torch.library, "register_fake", _not_registered):
            import timm  # noqa: F401
        yield
    finally:
        for folder in folders:
            sys.path.remove(folder)


def _not_registered(name: str, **settings: Any) -> Any:
    del name, settings
    return lambda function: function


def pretrained(name: str) -> tuple[State, torch.Tensor, torch.Tensor]:
    """A published network with random weights: state dict, images, and its logits of them."""
    state = load_file(shared_data(f"pretrained/{name}.safetensors"))
    kept = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    images, logits = kept.pop("__input__"), kept.pop("__logits__")
    return kept, images, logits


def load_in_order(module: NetworkModule, state: State) -> None:
    """Gives a network the weights of torchvision's, whose layers come in the same order."""
    left = iter(sorted({name.rpartition(".")[0] for name in state}, key=_natural))
    found: State = {}
    for name, layer in module.named_modules():
        if not isinstance(layer, LayerModule):
            continue
        for ours in [name, f"{name}.norm"] if layer.norm else [name]:
            theirs = next(left)
            parts = ("weight", "bias", "running_mean", "running_var")
            found |= {
                f"{ours}.{part}": state[f"{theirs}.{part}"]
                for part in parts
                if f"{theirs}.{part}" in state
            }
        found[f"{name}.weight"] = found[f"{name}.weight"].reshape(layer.layer.weight_shape)
    assert next(left, None) is None
    module.load_state_dict(found)


def _natural(name: str) -> list[tuple[int, str]]:
    """Orders numbers as numbers, and the classifier behind the features."""
    parts = name.replace("classifier", "z").split(".")
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def without_stages(state: State) -> State:
    """The state dict of a network of timm's, its blocks numbered through all stages."""
    places = sorted({place for name in state for place in [_place(name)] if place})
    return {
        re.sub(r"blocks\.\d+\.\d+", lambda m: f"blocks.{places.index(_place(m[0]))}", name): tensor
        for name, tensor in state.items()
    }


def _place(name: str) -> tuple[int, ...]:
    match = re.match(r"blocks\.(\d+)\.(\d+)", name)
    return tuple(map(int, match.groups())) if match else ()
