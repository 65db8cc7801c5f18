"""A network as one file of plain PyTorch, written out block by block, that needs no hwnas.

It loads the `model.safetensors` beside it: its modules have the names of those of `NetworkModule`.
"""

import textwrap
from collections.abc import Sequence

from hwnas.core.version import VERSION
from hwnas.data.preprocessing import multiply_and_subtract
from hwnas.export.source_blocks import SourceBlock, is_name, source_block
from hwnas.networks.blocks import Network
from hwnas.networks.conventions import Conventions

MODEL_SOURCE = "model.py"
"""The name of the file."""

_INDENT = " " * 4
_LINE = 99

_START = '''\
"""A network for images of {resolution}×{resolution} pixels and {classes} classes, in plain PyTorch.

Written by hwnas {version}, which it does not need: it needs torch and safetensors. The weights are
in model.safetensors, the names of the classes and how a photo is resized in config.json.

    from model import load, normalise

    model = load()
    logits = model(normalise(pixels))  # uint8 (N, {channels}, {resolution}, {resolution}), RGB
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

RESOLUTION, CLASSES = {resolution}, {classes}
EPSILON, MOMENTUM = {epsilon!r}, {momentum!r}  # of the batch norms
MULTIPLY = {multiply}
SUBTRACT = {subtract}


def load(file: Path = Path(__file__).with_name("model.safetensors")) -> "Network":
    """The trained network, ready for inference."""
    model = Network().eval()
    shapes = {{name: tensor.shape for name, tensor in model.state_dict().items()}}
    # The file has fully connected layers as convolutions of one pixel.
    state = {{name: tensor.reshape(shapes[name]) for name, tensor in load_file(file).items()}}
    model.load_state_dict(state)
    return model


def normalise(pixels: Tensor) -> Tensor:
    """uint8 RGB images (N, {channels}, R, R) as the network takes them, on their device."""
    multiply, subtract = (
        torch.tensor(values, device=pixels.device).view(1, -1, 1, 1)
        for values in (MULTIPLY, SUBTRACT)
    )
    return pixels.float() * multiply - subtract


class ConvNorm(nn.Conv2d):
    """A convolution without a bias, and its batch norm."""

    def __init__(self, *shape: int, **settings: int) -> None:
        super().__init__(*shape, bias=False, **settings)
        self.norm = nn.BatchNorm2d(self.out_channels, eps=EPSILON, momentum=MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(super().forward(x))


class Block(nn.Module):
    """Some layers by name."""

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
'''


def pytorch_source(network: Network, conventions: Conventions) -> str:
    """The content of `model.py`.

    Args:
        network: a whole one: it ends with logits.
        conventions: of its weights.
    """
    blocks = [source_block(block) for block in network]
    names = _class_names(blocks)
    multiply, subtract = multiply_and_subtract(conventions)
    first = network[0]
    start = _START.format(
        version=VERSION,
        resolution=first.resolution,
        channels=first.in_channels,
        classes=network[-1].out_channels,
        epsilon=conventions.epsilon,
        momentum=conventions.momentum,
        multiply=tuple(multiply.tolist()),
        subtract=tuple(subtract.tolist()),
    )
    parts = [start]
    for lines, name in names.items():
        users = [index for index, block in enumerate(blocks) if (block.kind, block.lines) == lines]
        parts.append(_class(name, lines[1], users))
    return "\n\n".join([*parts, _network(network, blocks, names)])


_Form = tuple[str, tuple[str, ...]]


def _class_names(blocks: Sequence[SourceBlock]) -> dict[_Form, str]:
    """The name of the class of each form of block, in the order of the network."""
    found: dict[_Form, str] = {}
    for block in blocks:
        if not block.does_nothing and (block.kind, block.lines) not in found:
            count = sum(kind == block.kind for kind, _ in found)
            taken = ("Block", "ConvNorm", "Network", "Path", "Tensor")
            kind = f"{block.kind}Block" if block.kind in taken else block.kind
            found[block.kind, block.lines] = kind if not count else f"{kind}{count + 1}"
    return found


def _class(name: str, lines: Sequence[str], users: Sequence[int]) -> str:
    numbers = ", ".join(map(str, users))
    which = f"Block {numbers}" if len(users) == 1 else f"Blocks {numbers}"
    return "\n".join(
        [
            f"class {name}(Block):",
            *_wrapped(f'"""{which}."""'),
            "",
            f"{_INDENT}def forward(self, x: Tensor) -> Tensor:",
            *(f"{_INDENT * 2}{line}" for line in lines),
            "",
        ]
    )


def _wrapped(docstring: str) -> list[str]:
    return textwrap.wrap(
        docstring, _LINE, initial_indent=_INDENT, subsequent_indent=_INDENT, break_long_words=False
    )


def _network(network: Network, blocks: Sequence[SourceBlock], names: dict[_Form, str]) -> str:
    """The class that has all blocks by their numbers."""
    resolution, channels = network[0].resolution, network[0].in_channels
    lines = [
        "class Network(nn.Module):",
        f'{_INDENT}"""The whole network: {len(network)} blocks, which run one after the other."""',
        "",
        f"{_INDENT}def __init__(self) -> None:",
        f"{_INDENT * 2}super().__init__()",
    ]
    for index, (block, source) in enumerate(zip(network, blocks, strict=True)):
        lines.append(f"{_INDENT * 2}# {' '.join(block.short_name.split())}")
        lines += _made(index, source, names)
    return "\n".join(
        [
            *lines,
            "",
            f"{_INDENT}def forward(self, x: Tensor) -> Tensor:",
            f'{_INDENT * 2}"""Images (N, {channels}, {resolution}, {resolution}) → logits '
            f'(N, {network[-1].out_channels})."""',
            f"{_INDENT * 2}for block in self.children():",
            f"{_INDENT * 3}x = block(x)",
            f"{_INDENT * 2}return x",
            "",
        ]
    )


def _made(index: int, block: SourceBlock, names: dict[_Form, str]) -> list[str]:
    """The statement that makes a block."""
    target = f"{_INDENT * 2}self.block{index} ="
    if block.does_nothing:
        return [f"{target} nn.Identity()"]
    layers = [
        f"{name}={how}" if is_name(name) else f"**{{{name!r}: {how}}}" for name, how in block.layers
    ]
    name = names[block.kind, block.lines]
    line = f"{target} {name}({', '.join(layers)})"
    if len(line) <= _LINE:
        return [line]
    inside = [f"{_INDENT * 3}{layer}," for layer in layers]
    return [f"{target} {name}(", *inside, f"{_INDENT * 2})"]
