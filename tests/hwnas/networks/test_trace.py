"""Descriptions of blocks are followed, and refused where they do not fit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from hwnas.networks.block import DEFINED
from hwnas.networks.blocks import Block, ConvBlock, InvertedResidual
from hwnas.networks.graph import build_graph
from hwnas.networks.layers import Layer, linear, pointwise
from hwnas.networks.modules import BlockModule
from hwnas.networks.operations import Operations, Value
from hwnas.networks.trace import Trace, peak_values

Compute = Callable[[Any, Any], Any]


@dataclass(frozen=True, eq=False, init=False)
class Made(Block):
    """A block of any layers and description, 8 channels at 4 pixels in and out."""

    kind = "made"
    in_channels = out_channels = 8
    resolution = 4
    short_name = "made"

    def __init__(self, described: Compute, *layers: Layer) -> None:
        object.__setattr__(self, "made", layers)
        object.__setattr__(self, "described", described)

    def layers(self) -> tuple[Layer, ...]:
        return self.made

    def compute(self, ops: Operations[Value], x: Value) -> Value:
        result: Value = self.described(ops, x)
        return result


DEFINED.pop("made")
MIX = pointwise("mix", 8, 8, "relu", 4)
WIDE = pointwise("wide", 8, 16, "relu", 4)


@pytest.mark.parametrize(
    ("layers", "compute", "sentence"),
    [
        ([MIX], lambda _, x: x, "runs 'mix' 0 times"),
        ([MIX], lambda ops, x: ops.layer("mix", ops.layer("mix", x)), "runs 'mix' 2 times"),
        ([], lambda ops, x: ops.layer("mix", x), "runs a layer 'mix', which is not among"),
        (
            [MIX, WIDE],
            lambda ops, x: ops.layer("mix", ops.layer("wide", x)),
            "a map of 16 channels at 4 px, which takes 8 channels at 4 px",
        ),
        ([WIDE], lambda ops, x: ops.layer("wide", x), "computes a map of 16 channels at 4 px, but"),
        (
            [WIDE],
            lambda ops, x: ops.add("sum", x, ops.layer("wide", x)),
            "adds a map of 8 channels at 4 px and a map of 16",
        ),
        (
            [],
            lambda ops, x: ops.multiply("gate", x, x),
            "multiplies a map of 8 channels at 4 px",
        ),
        ([], lambda ops, x: ops.flatten("flat", x), "flattens a map of 8 channels at 4 px; take"),
        (
            [],
            lambda ops, x: ops.concatenate("both", [x, ops.mean("mean", x)]),
            "concatenates a map of 8 channels at 4 px and a map of 8 channels at 1 px",
        ),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    layers: list[Layer], compute: Compute, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        Trace(Made(compute, *layers))
    assert "the block 'made' " in str(caught.value)


def test_what_is_read_later_is_in_memory_until_then() -> None:
    def ghost(ops: Any, x: Any) -> Any:
        half = ops.layer("half", x)
        return ops.concatenate("both", [half, ops.layer("cheap", half)])

    half, cheap = pointwise("half", 8, 4, "relu", 4), Layer("cheap", 4, 4, 3, 1, 4, True, "relu", 4)
    # 4 channels and 4 more, and both again where they are joined
    assert peak_values(Made(ghost, half, cheap)) == (4 + 4 + 8) * 16
    assert peak_values(InvertedResidual(8, 16, 8, 3, 1, 0, "relu", 8)) == (8 + 16 + 16) * 64
    assert peak_values(ConvBlock(3, 8, 3, 1, "relu", 8)) == (3 + 8) * 64


def test_only_tensors_that_nothing_else_reads_are_written_over() -> None:
    residual = InvertedResidual(8, 16, 8, 3, 1, 8, "relu", 8)
    assert Trace(residual).overwritable() == {"excite", "residual"}
    of_input = Made(lambda ops, x: ops.add("sum", x, ops.layer("mix", x)), MIX)
    assert Trace(of_input).overwritable() == frozenset()

    def twice(ops: Any, x: Any) -> Any:
        y = ops.layer("mix", x)
        return ops.add("second", ops.add("first", y, x), y)

    assert Trace(Made(twice, MIX)).overwritable() == frozenset()

    def viewed(ops: Any, x: Any) -> Any:
        y = ops.layer("mix", ops.mean("pool", x))
        return ops.multiply("scale", x, ops.add("sum", y, ops.mean("same", y)))

    one_pixel = pointwise("mix", 8, 8, "relu", 1)
    assert Trace(Made(viewed, one_pixel)).overwritable() == frozenset()


def test_modules_and_graphs_take_every_operation() -> None:
    """A gate with a batch norm, which ours have not, and channels that are joined."""

    def gated(ops: Any, x: Any) -> Any:
        gate = ops.hard_sigmoid("gate", ops.layer("normalized", ops.mean("pool", x)))
        x = ops.multiply("excite", x, gate)
        biased = ops.layer("biased", x)
        return ops.layer("join", ops.concatenate("both", [x, biased]))

    block = Made(
        gated,
        pointwise("normalized", 8, 8, "none", 1),
        Layer("biased", 8, 8, 3, 1, 1, False, "relu", 4),
        pointwise("join", 16, 8, "none", 4),
    )
    Trace(block)
    x = torch.randn(2, 8, 4, 4, generator=torch.Generator().manual_seed(0))
    assert BlockModule(block).eval()(x).shape == (2, 8, 4, 4)
    nodes = [node.op_type for node in build_graph([block]).graph.node]
    assert nodes == [
        *("GlobalAveragePool", "Conv", "HardSigmoid", "Mul"),
        *("Conv", "Relu", "Concat", "Conv"),
    ]


def test_a_vector_goes_through_matrices_alone() -> None:
    def wrong(ops: Any, x: Any) -> Any:
        return ops.layer("mix", ops.flatten("flat", ops.mean("pool", x)))

    with pytest.raises(ValueError, match="'mix', which has a batch norm, a vector"):
        Trace(Made(wrong, pointwise("mix", 8, 8, "relu", 1)))
    assert linear("a", 8, 4, "none").parameters == 36


def test_only_the_next_step_reads_what_is_passed_on():
    def compute(ops: Any, x: Any) -> Any:
        wide = ops.layer("wide", x)
        narrow = ops.layer("narrow", wide)
        return ops.add("sum", ops.layer("mix", narrow), narrow)

    narrow = pointwise("narrow", 16, 8, "relu", 4)
    assert Trace(Made(compute, MIX, WIDE, narrow)).passed_on() == {"wide", "mix"}
