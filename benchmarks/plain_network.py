"""A MobileNet as one writes it by hand in PyTorch: what the supernet's speed is compared with."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "relu6": lambda: nn.ReLU6(inplace=True),
    "hard_swish": lambda: nn.Hardswish(inplace=True),
    "none": nn.Identity,
}


def plain_network(network: Network) -> nn.Sequential:
    """`torch.nn` modules alone, in the memory format that is fastest for them.

    Input (N, 3, R, R), output (N, classes).
    """
    modules: list[nn.Module] = []
    for block in network:
        match block:
            case ConvBlock():
                convolution = _convolution(
                    block.in_channels,
                    block.out_channels,
                    block.kernel,
                    block.stride,
                    activation=block.activation,
                )
                modules.append(convolution)
            case InvertedResidual():
                modules.append(_Residual(block))
            case Head():
                modules.append(_head(block))
    plain = nn.Sequential(*modules)
    plain.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return plain


def _convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1, activation: str
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        _ACTIVATIONS[activation](),
    )


class _SqueezeExcite(nn.Module):
    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)
        self.relu, self.gate = nn.ReLU(inplace=True), nn.Hardsigmoid()

    def forward(self, x: Tensor) -> Tensor:
        scaled: Tensor = x * self.gate(self.expand(self.relu(self.reduce(self.pool(x)))))
        return scaled


class _Residual(nn.Module):
    def __init__(self, block: InvertedResidual) -> None:
        super().__init__()
        wide = block.expanded_channels
        parts: list[nn.Module] = []
        if block.expands:
            parts.append(_convolution(block.in_channels, wide, 1, activation=block.activation))
        parts.append(
            _convolution(
                wide, wide, block.kernel, block.stride, groups=wide, activation=block.activation
            )
        )
        self.residual = block.residual
        if block.squeeze_channels:
            parts.append(_SqueezeExcite(wide, block.squeeze_channels))
        parts.append(_convolution(wide, block.out_channels, 1, activation="none"))
        self.layers = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


def _head(block: Head) -> nn.Sequential:
    width = block.feature_channels
    parts: list[nn.Module] = [
        _convolution(block.in_channels, width, 1, activation=block.activation),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    ]
    if block.hidden_channels:
        parts += [nn.Linear(width, block.hidden_channels), _ACTIVATIONS[block.activation]()]
        width = block.hidden_channels
    return nn.Sequential(*parts, nn.Linear(width, block.classes))
