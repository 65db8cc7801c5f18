"""Operations: what a block is computed of, by whoever reads its description.

A block says once, in `Block.compute`, how its output follows from its input. Each reader brings its
own operations: the builder of ONNX graphs appends nodes, the PyTorch module computes tensors, the
trace of shapes counts what is in memory.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

Value = TypeVar("Value")
"""What flows between operations: a tensor, or the name of one."""


class Operations(Protocol[Value]):
    """Every operation has a name, which no other one in the block has: graphs show it.

    Maps have the shape (N, C, R, R); a mean is a map of one pixel, and `flatten` makes a vector
    (N, C) of it.
    """

    def layer(self, name: str, x: Value) -> Value:
        """A layer of the block with its batch norm or bias and its activation.

        A layer is a convolution on a map and a matrix on a vector. Each runs exactly once.
        """

    def mean(self, name: str, x: Value) -> Value:
        """(N, C, R, R) → (N, C, 1, 1): the mean over height and width."""

    def flatten(self, name: str, x: Value) -> Value:
        """(N, C, 1, 1) → (N, C)."""

    def hard_sigmoid(self, name: str, x: Value) -> Value:
        """min(max(x / 6 + 1/2, 0), 1) of each value."""

    def multiply(self, name: str, x: Value, gate: Value) -> Value:
        """(N, C, R, R) times a gate (N, C, 1, 1) for each channel."""

    def add(self, name: str, x: Value, other: Value) -> Value:
        """The sum of two maps of equal shapes."""

    def concatenate(self, name: str, parts: Sequence[Value]) -> Value:
        """Maps of equal resolution behind one another: their channels add up."""
