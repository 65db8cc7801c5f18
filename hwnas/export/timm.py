"""timm's `arch_def` strings, so that `timm.models._efficientnet_builder` can build the network.

The grammar is that of `decode_arch_def` in timm: a list a stage, a string a block, as in
`ir_r1_k5_s2_e3_c40_se0.25_nre` (inverted residual, 1 repeat, kernel 5, stride 2, expansion 3, 40
channels, squeeze-excite ratio 0.25, ReLU).
"""

from latency.blocks import Block, ConvBlock, Head, InvertedResidual, Network

_ACTIVATIONS = {"relu": "re", "relu6": "r6", "hard_swish": "hs"}


def timm_arch_def(network: Network) -> list[list[str]] | None:
    """The stages between timm's stem and its classifier; None when timm has no such block.

    The stem (the first block) and MobileNetV2's last convolution or MobileNetV3's hidden layer
    (timm's `stem_size` and `num_features`) are arguments of timm's builder, not part of it.
    """
    stages: list[list[str]] = []
    before: Block = network[0]
    for block in network[1:]:
        if isinstance(block, Head):
            if block.hidden_channels:
                stages.append([_conv(block.feature_channels, block.activation)])
            continue
        if not isinstance(block, InvertedResidual):
            return None
        new_stage = block.stride != 1 or block.out_channels != before.out_channels
        if new_stage or not stages:
            stages.append([])
        stages[-1].append(_inverted_residual(block))
        before = block
    return stages


def timm_arguments(network: Network) -> dict[str, object] | None:
    """What timm's MobileNetV3 or EfficientNet class takes beside the arch_def; None as above."""
    stem, head = network[0], network[-1]
    if timm_arch_def(network) is None or not isinstance(stem, ConvBlock):
        return None
    assert isinstance(head, Head)
    return {
        "class": "MobileNetV3" if head.hidden_channels else "EfficientNet",
        "stem_size": stem.out_channels,
        "num_features": head.hidden_channels or head.feature_channels,
        "num_classes": head.classes,
        "act_layer": stem.activation,
        **({} if head.hidden_bias else {"head_bias": False}),
    }


def _conv(channels: int, activation: str) -> str:
    return f"cn_r1_k1_s1_c{channels}_n{_ACTIVATIONS[activation]}"


def _inverted_residual(block: InvertedResidual) -> str:
    kind = "ir" if block.expands else "ds"
    parts = [kind, "r1", f"k{block.kernel}", f"s{block.stride}"]
    if block.expands:
        parts.append(f"e{block.expanded_channels / block.in_channels:.6g}")
    parts.append(f"c{block.out_channels}")
    if block.squeeze_channels:
        parts.append("se0.25")
    parts.append(f"n{_ACTIVATIONS[block.activation]}")
    return "_".join(parts)
