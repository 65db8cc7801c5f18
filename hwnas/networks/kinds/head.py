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
    activation and without batch norm. Once-for-all's has no bias (`hidden_bias` is false), timm's
    MobileNetV4 has a batch norm instead of one (`hidden_norm`).
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
    hidden_norm: bool = False

    @override
    def check(self) -> None:
        if not self.hidden_channels and not self.hidden_bias:
            raise ValueError("hidden_bias must be true without a hidden layer")
        if self.hidden_norm and not self.hidden_channels:
            raise ValueError("hidden_norm must be false without a hidden layer")
        if self.hidden_norm and not self.hidden_bias:
            raise ValueError("hidden_bias must be true with hidden_norm, whose shift is a bias")

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
            hidden, activation = self.hidden_channels, self.activation
            layers.append(
                pointwise("hidden", last, hidden, activation, 1)
                if self.hidden_norm
                else linear("hidden", last, hidden, activation, self.hidden_bias)
            )
            last = hidden
        return (*layers, linear("classifier", last, self.classes, "none"))

    @override
    def compute(self, ops: Operations[Value], x: Value) -> Value:
        x = ops.mean("pool", ops.layer("features", x))
        if self.hidden_norm:  # which vectors do not have
            x = ops.layer("hidden", x)
        x = ops.flatten("flatten", x)
        if self.hidden_channels and not self.hidden_norm:
            x = ops.layer("hidden", x)
        return ops.layer("classifier", x)

    @property
    @override
    def short_name(self) -> str:
        hidden = f" h{self.hidden_channels}" if self.hidden_channels else ""
        how = "" if self.hidden_bias else " no-bias"
        how += " norm" if self.hidden_norm else ""
        return (
            f"head {self.in_channels}→{self.classes} f{self.feature_channels}{hidden}{how} "
            f"{short_activation(self.activation)} @{self.resolution}"
        )
