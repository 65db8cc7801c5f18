"""Short names of blocks for people: `ir k5 s2 16→24 e48 se12 hswish @12`."""

from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Skip, block_from_dict

_ACTIVATIONS = {"hard_swish": "hswish", "none": "linear"}


def block_name(block: Block) -> str:
    """A block in one short line; blocks that differ have names that differ.

    `ir` is an inverted residual: kernel, stride, channels in and out, expanded channels (e),
    squeeze-excite channels (se), activation, and behind the @ the height and width of its input.
    """
    place = f"@{block.resolution}"
    if isinstance(block, Skip):
        return f"skip {block.channels} {place}"
    activation = _ACTIVATIONS.get(block.activation, block.activation)
    between = f"{block.in_channels}→{block.out_channels}"
    if isinstance(block, ConvBlock):
        return f"conv k{block.kernel} s{block.stride} {between} {activation} {place}"
    if isinstance(block, InvertedResidual):
        squeeze = f" se{block.squeeze_channels}" if block.squeeze_channels else ""
        return (
            f"ir k{block.kernel} s{block.stride} {between} e{block.expanded_channels}{squeeze} "
            f"{activation} {place}"
        )
    return _head_name(block, activation, place)


def _head_name(head: Head, activation: str, place: str) -> str:
    hidden = f" h{head.hidden_channels}" if head.hidden_channels else ""
    bias = "" if head.hidden_bias else " no-bias"
    middle = f"f{head.feature_channels}{hidden}{bias}"
    return f"head {head.in_channels}→{head.classes} {middle} {activation} {place}"


def short_key(key: str) -> str:
    """The short name of a table's block by its key; any other key as it is."""
    kind, _, rest = key.partition(" ")
    content: dict[str, object] = {"kind": kind}
    for part in rest.split():
        name, _, value = part.partition("=")
        content[name] = int(value) if value.isdecimal() else value
        if value in ("True", "False"):
            content[name] = value == "True"
    try:
        return block_name(block_from_dict(content))
    except (ValueError, TypeError):
        return key
