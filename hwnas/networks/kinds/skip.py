"""Skip: no block at all, a choice of the slots that may be left out."""

from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from hwnas.networks.block import Block
from hwnas.networks.layers import Layer
from hwnas.networks.operations import Operations, Value


@dataclass(frozen=True, slots=True)
class Skip(Block):
    """No block at all: the input passes through. It costs nothing and is never timed."""

    kind: ClassVar[str] = "skip"
    abbreviation: ClassVar[str] = "skip"
    channels: int
    resolution: int

    @property
    @override
    def in_channels(self) -> int:
        return self.channels

    @property
    @override
    def out_channels(self) -> int:
        return self.channels

    @override
    def layers(self) -> tuple[Layer, ...]:
        return ()

    @override
    def compute(self, ops: Operations[Value], x: Value) -> Value:
        return x

    @property
    @override
    def short_name(self) -> str:
        return f"skip {self.channels} @{self.resolution}"

    @property
    @override
    def choice_name(self) -> str:
        return "skip"
