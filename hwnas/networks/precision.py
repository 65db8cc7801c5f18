"""Precision: what a graph of float32 becomes for a device, when it is timed and when it is shipped.

A network that is shipped keeps float32 at both ends: its image and its logits. A block that is
timed on its own stands for one inside a network, whose neighbours take and give what the precision
computes in, so that it has float32 only where it is the first or the last of a network.
"""

from collections.abc import Callable
from dataclasses import dataclass

import onnx

from hwnas.networks.blocks import Network
from hwnas.networks.graph import averaging
from hwnas.networks.half import to_half
from hwnas.networks.quantize import Ranges, inside_network, quantize

IMAGE_CHANNELS = 3


@dataclass(frozen=True)
class Ends:
    """Which ends of a graph are those of a network: the image, the logits. They stay float32."""

    image: bool = True
    logits: bool = True

    @classmethod
    def of(cls, blocks: Network) -> "Ends":
        """Those of some consecutive blocks of a network."""
        return cls(blocks[0].in_channels == IMAGE_CHANNELS, blocks[-1].gives_logits)


WHOLE = Ends()


def in_precision(
    model: onnx.ModelProto,
    precision: str,
    recipe: str | None = None,
    *,
    ends: Ends = WHOLE,
    ranges: Callable[[], Ranges] | None = None,
) -> onnx.ModelProto:
    """The graph that a device of a precision runs.

    Args:
        model: of float32, with fixed shapes; it is left as it is.
        precision: "fp32", "fp16" or "int8".
        recipe: for int8, a key of `hwnas.networks.quantize.RECIPES`: the device's runtime has it.
        ends: which ends are those of a network.
        ranges: what every tensor spans, asked for when it is needed; None for a graph that is only
            timed.

    Raises:
        ConfigError: no such recipe.
        ValueError: no such precision, none of a recipe, or a tensor has no range.
    """
    match precision:
        case "fp32":
            return model
        case "fp16":
            return to_half(model, first=ends.image, last=ends.logits)
        case "int8" if recipe is not None:
            # Steps of 1/255 would be all that is left of a small probability.
            spans = None if ranges is None else ranges()
            quantized = quantize(model, recipe, spans, averaging(model))
            if ends == WHOLE:
                return quantized
            return inside_network(quantized, first=ends.image, last=ends.logits)
        case "int8":
            raise ValueError("a graph of int8 needs a recipe, and this runtime has none")
        case _:
            raise ValueError(f"there is no precision '{precision}'")
