"""Batch norm folded into the convolutions: the weights that `build_graph` takes."""

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.networks.modules import BlockModule, LayerModule, NetworkModule

FoldedWeights = dict[str, NDArray[np.float32]]
"""Of one block: "<layer>.weight" (out, in / groups, k, k) and, unless the layer has none,
"<layer>.bias" (out,)."""


def folded_weights(network: NetworkModule) -> list[FoldedWeights]:
    """The weights of each block with batch norm's running statistics folded in; {} for a skip."""
    return [
        fold_block(module) if isinstance(module, BlockModule) else {}
        for module in network.children()
    ]


def fold_block(module: BlockModule) -> FoldedWeights:
    """The folded weights of one block; computed in float64, so that the rounding is a half ulp."""
    folded: FoldedWeights = {}
    for name, layer in module.named_children():
        assert isinstance(layer, LayerModule)
        for part, tensor in _fold_layer(layer).items():
            folded[f"{name}.{part}"] = tensor.to("cpu", torch.float32).numpy()
    return folded


def _fold_layer(layer: LayerModule) -> dict[str, torch.Tensor]:
    weight = layer.weight.detach().to(torch.float64)
    if layer.bias is not None:
        return {"weight": weight, "bias": layer.bias.detach().to(torch.float64)}
    if layer.norm is None:
        return {"weight": weight}
    norm = {name: tensor.to(torch.float64) for name, tensor in layer.norm.state_dict().items()}
    scale = norm["weight"] / torch.sqrt(norm["running_var"] + layer.norm.epsilon)
    return {
        "weight": weight * scale[:, None, None, None],
        "bias": norm["bias"] - norm["running_mean"] * scale,
    }
