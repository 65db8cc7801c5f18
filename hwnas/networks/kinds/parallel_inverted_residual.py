"""ParallelInvertedResidual: two inverted residuals side by side, as one block."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar, Self

from typing_extensions import override

from hwnas.networks.block import Block, same_text, short_activation, with_largest
from hwnas.networks.channels import squeeze_channels
from hwnas.networks.kinds.inverted_residual import (
    InvertedResidual,
    InvertedResidualOptions,
    projected,
)
from hwnas.networks.layers import Layer
from hwnas.networks.operations import Operations, Value
from hwnas.networks.options import BlockOptions, Expansion, Kernel, Place


class ParallelInvertedResidualOptions(BlockOptions["ParallelInvertedResidual"]):
    """Depthwise kernel, expansion and whether channels are gated, of each branch."""

    kernel: Kernel
    expansion: Expansion
    squeeze_excite: bool = False
    second_kernel: Kernel
    second_expansion: Expansion
    second_squeeze_excite: bool = False

    @override
    def block(self, place: Place) -> "ParallelInvertedResidual":
        each = [place.in_channels * one for one in (self.expansion, self.second_expansion)]
        gated = (self.squeeze_excite, self.second_squeeze_excite)
        first, second = [
            squeeze_channels(inside) if gate else 0
            for inside, gate in zip(each, gated, strict=True)
        ]
        return ParallelInvertedResidual(
            place.in_channels,
            place.out_channels,
            self.kernel,
            each[0],
            first,
            self.second_kernel,
            each[1],
            second,
            place.stride,
            place.activation,
            place.resolution,
            place.same_padding,
        )


@dataclass(frozen=True, slots=True)
class ParallelInvertedResidual(Block):
    """The sum of what two different inverted residuals make of one input, and of that input.

    What a search is left with that may keep several choices of a slot (Wu et al. 2020, "Neural
    architecture search as sparse supernet", arXiv 2007.16112). The input is added once, where the
    stride is 1 and the channels are equal. The first branch has the smaller kernel, or of equal
    ones fewer channels inside.
    """

    kind: ClassVar[str] = "parallel_inverted_residual"
    abbreviation: ClassVar[str] = "pir"
    options: ClassVar[type[ParallelInvertedResidualOptions]] = ParallelInvertedResidualOptions
    may_be_zero: ClassVar[tuple[str, ...]] = ("squeeze_channels", "second_squeeze_channels")
    in_channels: int
    out_channels: int
    kernel: int
    expanded_channels: int
    squeeze_channels: int
    second_kernel: int
    second_expanded_channels: int
    second_squeeze_channels: int
    stride: int
    activation: str
    resolution: int
    same_padding: bool = False

    @override
    def check(self) -> None:
        first, second = map(_size, self.branches)
        if first == second:
            raise ValueError(
                "kernel, expanded_channels and squeeze_channels are those of both branches, which "
                "must differ in one of them"
            )
        if first > second:
            raise ValueError(
                "kernel, expanded_channels and squeeze_channels are greater than those of the "
                "second branch; name the branches in the other order"
            )

    @property
    def branches(self) -> tuple[InvertedResidual, InvertedResidual]:
        """Both as blocks of their own, which add the input, too."""
        inside = (
            (self.expanded_channels, self.kernel, self.squeeze_channels),
            (self.second_expanded_channels, self.second_kernel, self.second_squeeze_channels),
        )
        first, second = (
            InvertedResidual(
                self.in_channels,
                expanded,
                self.out_channels,
                kernel,
                self.stride,
                squeezed,
                self.activation,
                self.resolution,
                self.same_padding,
            )
            for expanded, kernel, squeezed in inside
        )
        return first, second

    @classmethod
    def of(cls, one: InvertedResidual, other: InvertedResidual) -> Self:
        """The block of two branches, in whichever order.

        Raises:
            ValueError: they are equal.
        """
        first, second = sorted((one, other), key=_size)
        return cls(
            first.in_channels,
            first.out_channels,
            first.kernel,
            first.expanded_channels,
            first.squeeze_channels,
            second.kernel,
            second.expanded_channels,
            second.squeeze_channels,
            first.stride,
            first.activation,
            first.resolution,
            first.same_padding,
        )

    @classmethod
    def pairs(
        cls, branches: Sequence[InvertedResidualOptions]
    ) -> tuple[ParallelInvertedResidualOptions, ...]:
        """The options of all pairs of different branches."""
        ordered = sorted(branches, key=lambda one: (one.kernel, one.expansion, one.squeeze_excite))
        return tuple(
            ParallelInvertedResidualOptions(
                kernel=one.kernel,
                expansion=one.expansion,
                squeeze_excite=one.squeeze_excite,
                second_kernel=other.kernel,
                second_expansion=other.expansion,
                second_squeeze_excite=other.squeeze_excite,
            )
            for one, other in combinations(ordered, 2)
        )

    @property
    def residual(self) -> bool:
        """Whether the input is added to the output."""
        return self.stride == 1 and self.in_channels == self.out_channels

    @override
    def layers(self) -> tuple[Layer, ...]:
        return tuple(
            replace(layer, name=layer_of_branch(number, layer.name))
            for number, branch in enumerate(self.branches)
            for layer in branch.layers()
        )

    @override
    def compute(self, ops: Operations[Value], x: Value) -> Value:
        first, second = (
            projected(branch, ops, x, name)
            for name, branch in zip(_NAMES, self.branches, strict=True)
        )
        total = ops.add("sum", first, second)
        return ops.add("residual", total, x) if self.residual else total

    @classmethod
    @override
    def widest(cls, blocks: Sequence[Self]) -> Self:
        names = ("expanded_channels", "kernel", "squeeze_channels")
        return with_largest(blocks, *names, *(f"second_{name}" for name in names))

    @property
    @override
    def short_name(self) -> str:
        each = " + ".join(
            f"k{one.kernel} e{one.expanded_channels}"
            + (f" se{one.squeeze_channels}" if one.squeeze_channels else "")
            for one in self.branches
        )
        return (
            f"pir s{self.stride} {self.in_channels}→{self.out_channels} {each} "
            f"{short_activation(self.activation)} @{self.resolution}{same_text(self)}"
        )

    @property
    @override
    def choice_name(self) -> str:
        return " + ".join(one.choice_name for one in self.branches)


def layer_of_branch(branch: int, name: str) -> str:
    """The name, in a block of two branches, of a layer of its first (0) or second (1) branch."""
    return f"{_NAMES[branch]}{name}"


def branch_of_layer(name: str) -> tuple[int, str]:
    """The inverse of `layer_of_branch`."""
    branch = 0 if name.startswith(_NAMES[0]) else 1
    return branch, name.removeprefix(_NAMES[branch])


_NAMES = ("first_", "second_")


def _size(branch: InvertedResidual) -> tuple[int, int, int]:
    return branch.kernel, branch.expanded_channels, branch.squeeze_channels
