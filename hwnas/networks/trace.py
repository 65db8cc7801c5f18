"""The trace of a block: the shapes of what it computes, and how much of it is in memory at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import override

from hwnas.networks.block import Block
from hwnas.networks.layers import Layer
from hwnas.networks.operations import Operations


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A tensor of one image: a map of (channels, resolution, resolution), or a vector."""

    channels: int
    resolution: int
    vector: bool = False

    @property
    def size(self) -> int:
        """Number of values."""
        return self.channels * self.resolution**2


@dataclass(frozen=True, slots=True)
class Step:
    """An operation: its name, what it reads and what it writes.

    `in_place` operations can write where they read, and need no memory.
    """

    name: str
    read: tuple[Traced, ...]
    written: Traced
    in_place: bool


class Trace(Operations[Traced]):
    """The steps of a block in their order; operations that only follow shapes.

    Attributes:
        steps: what was computed.
        start: the input.
        result: the output.
    """

    def __init__(self, block: Block) -> None:
        """Traces a block.

        Raises:
            ValueError: its description does not fit its layers or its shapes.
        """
        self._block = block
        self._layers: dict[str, Layer] = {layer.name: layer for layer in block.layers()}
        self.steps: list[Step] = []
        self._sums: set[str] = set()
        self._viewed: set[int] = set()
        self.start = Traced(block.in_channels, block.resolution)
        self.result = block.compute(self, self.start)
        names = [step.name for step in self.steps]
        for name in (*self._layers, *names):
            if names.count(name) != 1:
                raise self._error(f"runs '{name}' {names.count(name)} times, and not once")
        found = (self.result.channels, self.result.resolution, self.result.vector)
        if found != (block.out_channels, block.out_resolution, block.gives_logits):
            raise self._error(
                f"computes {_shape(self.result)}, but has out_channels={block.out_channels}, "
                f"out_resolution={block.out_resolution} and gives_logits={block.gives_logits}"
            )

    def peak(self) -> int:
        """The most values that are in memory at once while a layer runs, for one image.

        A layer's input and output are there together, and so is everything that is read later.
        """
        last = {id(self.start): -1}
        for index, step in enumerate(self.steps):
            last |= {id(value): index for value in step.read}
        there, most = [self.start], self.start.size
        for index, step in enumerate(self.steps):
            there = [value for value in there if last.get(id(value), -1) >= index]
            if not step.in_place:
                most = max(most, sum(value.size for value in there) + step.written.size)
            there.append(step.written)
        return most

    def overwritable(self) -> frozenset[str]:
        """The additions and multiplications that may write over their first operand.

        Nothing reads it later, and it is what a layer gave, of which there is no view.
        """
        last = {id(value): step.name for step in self.steps for value in step.read}
        last[id(self.result)] = ""
        of_layers = {id(step.written) for step in self.steps if step.name in self._layers}
        return frozenset(
            step.name
            for step in self.steps
            if step.name in self._sums
            and id(first := step.read[0]) in of_layers - self._viewed
            and last[id(first)] == step.name
        )

    def passed_on(self) -> frozenset[str]:
        """The operations whose results the next one reads, and no other."""
        readers: dict[int, list[int]] = {id(self.result): [-1]}
        for index, step in enumerate(self.steps):
            for value in step.read:
                readers.setdefault(id(value), []).append(index)
        return frozenset(
            step.name
            for index, step in enumerate(self.steps)
            if readers.get(id(step.written)) == [index + 1]
        )

    @override
    def layer(self, name: str, x: Traced) -> Traced:
        layer = self._layers.get(name)
        if layer is None:
            raise self._error(f"runs a layer '{name}', which is not among its layers")
        if (x.channels, x.resolution) != (layer.in_channels, layer.resolution):
            raise self._error(
                f"gives its layer '{name}' {_shape(x)}, which takes {layer.in_channels} channels "
                f"at {layer.resolution} px"
            )
        if x.vector and layer.normalized:
            raise self._error(f"gives its layer '{name}', which has a batch norm, a vector")
        written = Traced(layer.out_channels, layer.out_resolution, x.vector)
        return self._step(name, (x,), written)

    @override
    def mean(self, name: str, x: Traced) -> Traced:
        if x.resolution == 1:
            self._viewed.add(id(x))
        return self._step(name, (x,), Traced(x.channels, 1), in_place=True)

    @override
    def flatten(self, name: str, x: Traced) -> Traced:
        if x.resolution != 1:
            raise self._error(f"flattens {_shape(x)}; take the mean before")
        self._viewed.add(id(x))
        return self._step(name, (x,), Traced(x.channels, 1, vector=True), in_place=True)

    @override
    def hard_sigmoid(self, name: str, x: Traced) -> Traced:
        return self._step(name, (x,), Traced(x.channels, x.resolution, x.vector), in_place=True)

    @override
    def multiply(self, name: str, x: Traced, gate: Traced) -> Traced:
        if (gate.channels, gate.resolution) != (x.channels, 1):
            raise self._error(f"multiplies {_shape(x)} by {_shape(gate)}")
        self._sums.add(name)
        return self._step(name, (x, gate), Traced(x.channels, x.resolution), in_place=True)

    @override
    def add(self, name: str, x: Traced, other: Traced) -> Traced:
        if (x.channels, x.resolution) != (other.channels, other.resolution):
            raise self._error(f"adds {_shape(x)} and {_shape(other)}")
        self._sums.add(name)
        return self._step(name, (x, other), Traced(x.channels, x.resolution), in_place=True)

    @override
    def concatenate(self, name: str, parts: Sequence[Traced]) -> Traced:
        if len({part.resolution for part in parts}) != 1:
            raise self._error(f"concatenates {' and '.join(map(_shape, parts))}")
        channels = sum(part.channels for part in parts)
        return self._step(name, tuple(parts), Traced(channels, parts[0].resolution))

    def _step(
        self, name: str, read: tuple[Traced, ...], written: Traced, in_place: bool = False
    ) -> Traced:
        self.steps.append(Step(name, read, written, in_place))
        return written

    def _error(self, problem: str) -> ValueError:
        return ValueError(f"the block '{self._block.short_name}' {problem}")


def peak_values(block: Block) -> int:
    """The most values that are in memory at once inside a block, for one image."""
    return Trace(block).peak()


def _shape(value: Traced) -> str:
    kind = "a vector of" if value.vector else "a map of"
    return f"{kind} {value.channels} channels at {value.resolution} px"
