"""The channels inside blocks in the order of their importance, the most important one first.

A narrower block of a supernet takes the first channels of the widest one, so those should be the
ones that matter most. Once-for-all orders them by the L1 norms of their weights in the projection
(Cai et al. 2020, arXiv 1908.09791). Here these are times the deviation of what is projected: a
large weight of a channel that hardly changes does little, and its mean is what the next batch norm
takes away. Of EfficientNet-Lite0 with its ImageNet weights, an eighth of all channels cut, the
logits of photos of 96 pixels are off by 0.89 of their norm instead of 1.37, and by 0.81 instead of
0.86 with statistics of batch norm that are taken anew.
"""

import torch
from torch import Tensor

from hwnas.networks.arithmetic import activate
from hwnas.networks.modules import BlockModule, LayerModule, NetworkModule

# Enough values of a normal distribution for the deviation behind an activation.
_VALUES = 64


def sort_channels(network: NetworkModule) -> None:
    """Orders the expanded channels of all blocks, and squeeze-excite's; the function stays."""
    with torch.no_grad():
        for module, _ in network.path:
            layers = dict(module.layers())
            if {"expand", "project"} <= layers.keys():
                _sort_expanded(module)
            if {"squeeze_reduce", "squeeze_expand"} <= layers.keys():
                weights = layers["squeeze_expand"].weight
                order = _falling(weights.abs().sum((0, 2, 3)))
                _reorder_outputs(layers["squeeze_reduce"], order)
                _reorder_inputs(layers["squeeze_expand"], order)


def channel_importance(module: BlockModule) -> Tensor:
    """(expanded channels,): how much each moves the output of a block.

    The L1 norm of its weights in the projection times the deviation of its values, which batch
    norm gives a normal distribution of known mean and deviation before the activation.
    """
    weights = module.layer("project").weight.abs().sum((0, 2, 3))
    layers = dict(module.layers())
    inside = layers.get("depthwise", layers["expand"])
    assert inside.norm is not None
    share = (torch.arange(_VALUES, device=weights.device) + 0.5) / _VALUES
    normal = torch.special.ndtri(share)[:, None]
    values = inside.norm.bias + inside.norm.weight * normal
    return weights * activate(values, inside.layer.activation).std(0)


def _sort_expanded(module: BlockModule) -> None:
    order = _falling(channel_importance(module))
    for name, layer in module.layers():
        if name in ("project", "squeeze_reduce"):
            _reorder_inputs(layer, order)
        elif name in ("expand", "depthwise", "squeeze_expand"):
            _reorder_outputs(layer, order)


def _falling(importance: Tensor) -> Tensor:
    return torch.argsort(importance, descending=True, stable=True)


def _reorder_inputs(layer: LayerModule, order: Tensor) -> None:
    layer.weight.copy_(layer.weight[:, order])


def _reorder_outputs(layer: LayerModule, order: Tensor) -> None:
    for tensor in layer.state_dict(keep_vars=True).values():
        tensor.copy_(tensor[order])
