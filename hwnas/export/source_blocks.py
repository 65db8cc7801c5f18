"""A block as Python source: its layers as PyTorch makes them, and its description line by line."""

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import override

from hwnas.networks.block import Block
from hwnas.networks.layers import Layer
from hwnas.networks.operations import Operations

_ACTIVATIONS = {"relu": "F.relu", "relu6": "F.relu6", "hard_swish": "F.hardswish"}
# What the lines of a block use beside the results of its operations.
_TAKEN = ("x", "self", "torch", "F", "nn")


@dataclass(frozen=True)
class SourceBlock:
    """A block in Python source.

    Attributes:
        kind: name of its class.
        layers: by name, what makes each of them, as in "ConvNorm(16, 64)".
        lines: of its `forward`, from `x` on; blocks of equal lines can share a class.
    """

    kind: str
    layers: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]

    @property
    def does_nothing(self) -> bool:
        """Whether its output is its input."""
        return self.lines == ("return x",)


def source_block(block: Block) -> SourceBlock:
    """A block in Python source, of whatever kind it is: its own description is followed."""
    lines = _Lines(block)
    result = block.compute(lines, "x")
    made = tuple((layer.name, lines.made[layer.name]) for layer in block.layers())
    last = f"{result} = "
    if lines.found and lines.found[-1].startswith(last):
        result = lines.found.pop().removeprefix(last)
    return SourceBlock(type(block).__name__, made, (*lines.found, f"return {result}"))


def is_name(text: str) -> bool:
    """Whether Python takes it for a name."""
    return text.isidentifier() and not keyword.iskeyword(text)


class _Lines(Operations[str]):
    """The operations of one block as statements; a value is the name of a variable."""

    def __init__(self, block: Block) -> None:
        self._layers: dict[str, Layer] = {layer.name: layer for layer in block.layers()}
        self._vectors: set[str] = set()
        self._names: set[str] = set(_TAKEN)
        self.found: list[str] = []
        self.made: dict[str, str] = {}

    @override
    def layer(self, name: str, x: str) -> str:
        layer, vector = self._layers[name], x in self._vectors
        self.made[name] = _constructor(layer, vector)
        before, behind = layer.padding
        if not vector and before != behind:  # which a convolution of PyTorch cannot have
            x = f"F.pad({x}, ({before}, {behind}, {before}, {behind}))"
        module = f"self.{name}" if is_name(name) else f"getattr(self, {name!r})"
        value = f"{module}({x})"
        if layer.activation in _ACTIVATIONS:
            value = f"{_ACTIVATIONS[layer.activation]}({value})"
        return self._assign(name, value, vector)

    @override
    def mean(self, name: str, x: str) -> str:
        return self._assign(name, f"{x}.mean((2, 3), keepdim=True)")

    @override
    def flatten(self, name: str, x: str) -> str:
        return self._assign(name, f"{x}.flatten(1)", vector=True)

    @override
    def hard_sigmoid(self, name: str, x: str) -> str:
        return self._assign(name, f"F.hardsigmoid({x})", x in self._vectors)

    @override
    def multiply(self, name: str, x: str, gate: str) -> str:
        return self._assign(name, f"{x} * {gate}")

    @override
    def add(self, name: str, x: str, other: str) -> str:
        return self._assign(name, f"{x} + {other}")

    @override
    def concatenate(self, name: str, parts: Sequence[str]) -> str:
        return self._assign(name, f"torch.cat(({', '.join(parts)},), 1)")

    def _assign(self, name: str, value: str, vector: bool = False) -> str:
        variable = re.sub(r"\W", "_", name)
        while variable in self._names or not is_name(variable):
            variable = f"{variable}_" if variable[:1].isalpha() else f"_{variable}"
        self._names.add(variable)
        if vector:
            self._vectors.add(variable)
        self.found.append(f"{variable} = {value}")
        return variable


def _constructor(layer: Layer, vector: bool) -> str:
    channels = f"{layer.in_channels}, {layer.out_channels}"
    if vector:
        return f"nn.Linear({channels}{'' if layer.biased else ', bias=False'})"
    before, behind = layer.padding
    around = before if before == behind else 0
    parts = [channels, f"{layer.kernel}"]
    parts += [f"stride={layer.stride}"] if layer.stride > 1 else []
    parts += [f"padding={around}"] if around else []
    parts += [f"groups={layer.groups}"] if layer.groups > 1 else []
    if layer.normalized:
        return f"ConvNorm({', '.join(parts)})"
    parts += [] if layer.biased else ["bias=False"]
    return f"nn.Conv2d({', '.join(parts)})"
