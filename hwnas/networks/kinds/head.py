"""Head: the classifier at the end of a network."""

from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from hwnas.networks.block import Block, short_activation
from hwnas.networks.layers import Layer, linear, pointwise
from hwnas.networks.operations import Operations, Value


@dataclass(frozen=True, slots=True)
class Head(Block):
    """The classifier: 1×1 convolution, global average pool, an optional hidden layer, logits.

    MobileNetV2 has no hidden layer (`hidden_channels == 0`), MobileNetV3 has one, with bias and
    activation and without batch norm. Once-for-all's has no bias (`hidden_bias` is false).
    """

    kind: ClassVar[str] = "head"
    abbreviation: ClassVar[str] = "head"
    may_be_zero: ClassVar[tuple[str, ...]] = ("hidden_channels",)
    gives_logits: ClassVar[bool] = True
    in_channels: int
    feature_channels: int
    hidden_channels: int
    classes: int
    activation: str
    resolution: int
    hidden_bias: bool = True

    @override
    def check(self) -> None:
        if not self.hidden_channels and not self.hidden_bias:
            raise ValueError("hidden_bias must be true without a hidden layer")

    @property
    @override
    def out_channels(self) -> int:
        return self.classes

    @property
    @override
    def out_resolution(self) -> int:
        return 1

    @override
    def layers(self) -> tuple[Layer, ...]:
        last = self.feature_channels
        layers = [pointwise("features", self.in_channels, last, self.activation, self.resolution)]
        if self.hidden_channels:
            hidden = self.hidden_channels
            layers.append(linear("hidden", last, hidden, self.activation, self.hidden_bias))
            last = hidden
        return (*layers, linear("classifier", last, self.classes, "none"))

    @override
    def compute(self, ops: Operations[Value], x: Value) -> Value:
        x = ops.flatten("flatten", ops.mean("pool", ops.layer("features", x)))
        if self.hidden_channels:
            x = ops.layer("hidden", x)
        return ops.layer("classifier", x)

    @property
    @override
    def short_name(self) -> str:
        hidden = f" h{self.hidden_channels}" if self.hidden_channels else ""
        bias = "" if self.hidden_bias else " no-bias"
        return (
            f"head {self.in_channels}→{self.classes} f{self.feature_channels}{hidden}{bias} "
            f"{short_activation(self.activation)} @{self.resolution}"
        )
