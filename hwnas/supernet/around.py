"""A supernet that begins as a network that is trained already, and computes what it computes.

Each block of the network becomes a part of the widest block of its slot, the first channels and the
centre of the kernel, as its own path has it. What is wider than it adds nothing at first (Chen et
al. 2016, Net2Net, arXiv 1511.05641), and learns from the first step on:

- the ring around a kernel is zero;
- new channels inside a block have random weights that the projection takes times zero; no channel
  of the network, and no gate of its squeeze-excite, sees a new one;
- blocks that the network does not have add zero: their last batch norm has a scale and a shift of
  zero. (Of a convolution of zeros the batch norm would divide by a deviation of zero: gradients
  that are hundreds of times too large, and statistics that say nothing.)

Channels are in the order of their importance (`hwnas.supernet.importance`), so that narrower
blocks keep those that matter most.
"""

from copy import deepcopy

import torch
from torch import Tensor

from hwnas.networks.blocks import Skip
from hwnas.networks.kernels import centre
from hwnas.networks.modules import BlockModule, LayerModule, NetworkModule
from hwnas.spaces.containing import architecture_in
from hwnas.supernet.importance import sort_channels
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import weights_digest


def load_network(supernet: Supernet, network: NetworkModule, name: str = "the network") -> bool:
    """Gives a supernet the weights of a network of its space; the network stays as it is.

    The path of the network, and the largest one, then compute what the network computes, in
    evaluation mode. Its images may be of another size than the supernet's.

    Args:
        supernet: with random weights, and the conventions of the network.
        network: whose weights are taken.
        name: of the network, for messages.

    Returns:
        Whether the classifier was taken too: one for another number of classes is not.

    Raises:
        ConfigError: the network is not in the supernet's space; see `architecture_in`.
        ValueError: the supernet follows other conventions.
    """
    if supernet.conventions != network.conventions:
        raise ValueError(f"the supernet must follow the conventions of {name}")
    row = architecture_in(supernet.space, network.blocks, name)
    member, choices = supernet.space.of_member(row)
    ordered = deepcopy(network)
    sort_channels(ordered)
    with torch.no_grad():
        for (wide, _), (module, _) in zip(supernet.path(row), ordered.path, strict=True):
            for layer_name, layer in module.layers():
                if layer_name != "classifier" or network.classes == supernet.classes:
                    _embed(wide.layer(layer_name), layer)
        for index, (slot, choice) in enumerate(zip(member.slots, choices, strict=True)):
            if isinstance(slot.choices[choice], Skip):
                for added in supernet.get_submodule(f"slot{index}").children():
                    assert isinstance(added, BlockModule)
                    _begin_with_zero(added)
    supernet.start = network.start or weights_digest(network.state_dict())
    return network.classes == supernet.classes


def _embed(wide: LayerModule, layer: LayerModule) -> None:
    """A layer becomes the first channels and the centre of a wider one."""
    out, inputs, kernel, _ = layer.weight.shape
    # What comes in from new channels does not change what was there; new outputs see everything.
    wide.weight[:out] = 0
    centre(wide.weight[:out, :inputs], kernel).copy_(layer.weight)
    own: dict[str, Tensor] = wide.state_dict(keep_vars=True)
    for name, tensor in layer.state_dict().items():
        if name != "weight":
            own[name][:out] = tensor


def _begin_with_zero(module: BlockModule) -> None:
    """A block whose output is added to its input leaves it as it is."""
    norms = [layer.norm for _, layer in module.layers() if layer.norm is not None]
    if norms:
        norms[-1].weight.zero_()
        norms[-1].bias.zero_()
