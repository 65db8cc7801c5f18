"""What once-for-all calls the tensors of a MobileNetV3 supernet, and what we call them."""

import re
from itertools import groupby

_LAYERS = {
    "conv": "first_conv",
    "expand": "inverted_bottleneck",
    "depthwise": "depth_conv",
    "squeeze_reduce": "depth_conv.se.fc.reduce",
    "squeeze_expand": "depth_conv.se.fc.expand",
    "project": "point_linear",
    "features": "final_expand_layer",
    "hidden": "feature_mix_layer",
    "classifier": "classifier.linear",
}
# Whose weight and bias are not one level further down.
_DIRECT = ("squeeze_reduce", "squeeze_expand", "classifier")

_OURS = re.compile(
    r"(?P<place>(?:prefix|slot|suffix)(?P<number>\d+))\.(?:shared\.)?(?P<layer>\w+)\.(?P<part>.+)"
)


def shortest_name(name: str) -> str:
    """`blocks.1.mobile_inverted_conv.….bn.bn.weight` → `blocks.1.conv.….bn.weight`.

    Published files differ in how many levels of equal names there are, and in the block's name.
    """
    parts = name.removeprefix("module.").replace("mobile_inverted_conv", "conv").split(".")
    return ".".join(part for part, _ in groupby(parts))


def original_name(name: str) -> str:
    """The shortest original name of a tensor of `Supernet`; its own where there is none."""
    match = _OURS.fullmatch(name)
    if match is None or match["layer"] not in _LAYERS:
        return name
    place, layer, part = match["place"], match["layer"], match["part"]
    block = ""
    if place.startswith("slot"):  # behind the first block, which is fixed
        block = f"blocks.{int(match['number']) + 1}.conv."
    elif place == "prefix1":
        block = "blocks.0.conv."
    if part.startswith("norm."):
        part = f"bn.{part.removeprefix('norm.')}"
    elif part.startswith("transforms."):
        part = f"conv.{part.removeprefix('transforms.')}_matrix"
    elif layer not in _DIRECT:
        part = f"conv.{part}"
    return f"{block}{_LAYERS[layer]}.{part}"
