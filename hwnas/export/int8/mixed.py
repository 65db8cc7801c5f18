"""Mixed files: int8, but for the parts whose conversions take more time than integers save.

Squeeze-excite and hard-swish have no integer kernels in ONNX Runtime, so that a graph of integers
goes to float and back around each of them. With the convolutions beside them in float, too, it need
not. Whether that is faster is measured, on the device that the file is for.
"""

from collections.abc import Callable, Mapping

import onnx

from hwnas.export.int8.quantised import QuantisedFile
from hwnas.networks.blocks import Network
from hwnas.networks.graph import build_graph, value_name
from hwnas.networks.layers import Layer
from hwnas.networks.quantize import quantize

_PARTS: Mapping[str, Callable[[Layer], bool]] = {
    "squeeze-excite": lambda layer: layer.name.startswith("squeeze"),
    "hard-swish": lambda layer: layer.activation == "hard_swish",
}


def float_parts(network: Network) -> dict[str, frozenset[str]]:
    """What can be left in float, by what it is: the names of the graph's nodes.

    Each part that the network has, and both together; nothing where integers go all the way.
    """
    found = {
        part: frozenset(
            value_name(f"block{index}", layer.name)
            for index, block in enumerate(network)
            for layer in block.layers()
            if belongs(layer)
        )
        for part, belongs in _PARTS.items()
    }
    parts = {name: nodes for name, nodes in found.items() if nodes}
    if len(parts) > 1:
        parts[" and ".join(parts)] = frozenset().union(*parts.values())
    return parts


def mixed_model(
    file: QuantisedFile, network: Network, recipe: str, batch: int, nodes: frozenset[str]
) -> onnx.ModelProto:
    """An int8 file with some nodes in float: the same weights, the same ranges.

    Args:
        file: the whole one.
        network: its blocks.
        recipe: of the device, a key of `hwnas.networks.quantize.RECIPES`.
        batch: images per inference.
        nodes: see `float_parts`.
    """
    graph = build_graph(network, batch=batch, weights=file.chosen.weights)
    return quantize(graph, recipe, file.chosen.ranges, nodes)
