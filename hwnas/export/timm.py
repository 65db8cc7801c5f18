"""An exported network as timm builds it: what its `create_model` reads in config.json.

The strings are those of timm's `decode_arch_def`: a list a stage, a string a block, as in
`ir_r1_k5_s2_e3_c40_se0.25_nre` (inverted residual, 1 repeat, kernel 5, stride 2, expansion 3, 40
channels, squeeze-excite of a quarter of the channels inside, ReLU). timm_model.py, which lies in
every export that timm can build, takes them; tests/timm asks timm itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwnas.networks.blocks import (
    Block,
    ConvBlock,
    Head,
    InvertedResidual,
    Network,
    UniversalInvertedResidual,
)
from hwnas.networks.conventions import Conventions
from hwnas.supernet.pretrained.layer_names import below, timm_layers

_Known = ConvBlock | InvertedResidual | UniversalInvertedResidual
_ACTIVATIONS = {"relu": "re", "relu6": "r6", "hard_swish": "hs"}
# timm's MobileNetV3 dilates its convolutions instead of going below a 32nd of the image.
_OUTPUT_STRIDE = 32

TIMM_SOURCE = "timm_model.py"
"""The name of the file that an export needs beside its config.json."""
ARCHITECTURE = "hwnas_network"
"""The name that it adds to those that timm knows."""


@dataclass(frozen=True)
class TimmNetwork:
    """A network in timm's words.

    Attributes:
        class_name: of `timm.models`: "MobileNetV3" with a hidden layer behind the pooling, else
            "EfficientNet".
        arch_def: the stages.
        in_channels: of the images.
        arguments: of the class, beside those that follow from images and classes: `stem_size`, …
        act_layer: name of the activation of stem and head, for `timm.layers.get_act_layer`.
        layers: timm's names of the convolution and the batch norm ("" where there is none) of each
            of our layers, by ours ("block3.expand").
    """

    class_name: str
    arch_def: list[list[str]]
    in_channels: int
    arguments: dict[str, int | bool | str]
    act_layer: str
    layers: Mapping[str, tuple[str, str]]

    def config(
        self, resolution: int, class_names: Sequence[str], conventions: Conventions
    ) -> dict[str, Any]:
        """The keys of config.json that timm reads.

        Args:
            resolution: of the images in pixels.
            class_names: of the logits.
            conventions: of the weights.
        """
        size = [self.in_channels, resolution, resolution]
        return {
            "architecture": ARCHITECTURE,
            "num_classes": len(class_names),
            "label_names": list(class_names),
            "model_args": self.model_args(conventions.epsilon),
            "pretrained_cfg": {
                "input_size": size,
                "interpolation": "bilinear",
                "crop_pct": 1.0,
                "crop_mode": "center",
                "mean": list(conventions.mean),
                "std": list(conventions.std),
                "first_conv": "conv_stem",
                "classifier": "classifier",
            },
        }

    def model_args(self, epsilon: float) -> dict[str, Any]:
        """The arguments of `hwnas_network` in timm_model.py; `epsilon` is of the batch norms."""
        return {
            "model_class": self.class_name,
            "arch_def": self.arch_def,
            "act_layer": self.act_layer,
            "bn_eps": epsilon,
            **self.arguments,
            "weight_names": {layer: list(names) for layer, names in self.layers.items()},
        }


def timm_source() -> str:
    """The content of `timm_model.py`: a module of hwnas that needs no hwnas, as it is."""
    return Path(__file__).with_name(TIMM_SOURCE).read_text(encoding="utf-8")


def timm_network(network: Network) -> TimmNetwork | None:
    """A network in timm's words; None where timm's classes cannot build it.

    They have a stem of stride 2, in MobileNetV3 of kernel 3; strides of 1 and 2; channels inside a
    block that are multiples of 8; one activation in stem and hidden layer; no block without an
    activation; and one padding in all blocks with a stride.
    """
    stem, *blocks, head = network
    if not isinstance(stem, ConvBlock) or not isinstance(head, Head) or stem.stride != 2:
        return None
    stages = _Stages(of_input=not head.hidden_channels, stride=stem.stride)
    for index, block in enumerate(blocks, start=1):
        if not _can_be_said(block):
            return None
        stages.add(index, block)
    if stem.activation not in _ACTIVATIONS or head.activation not in _ACTIVATIONS:
        return None
    strided = [one for block in network for one in block.layers() if one.stride > 1]
    paddings = {layer.same_padding for layer in strided if layer.kernel > 1}
    if len(paddings) > 1:
        return None
    layers = {"block0.conv": ("conv_stem", "bn1"), **stages.layers}
    arguments: dict[str, int | bool | str] = {
        "stem_size": stem.out_channels,
        **({"pad_type": "same"} if True in paddings else {}),
    }
    last = f"block{len(blocks) + 1}"
    if head.hidden_channels:
        known = stem.kernel == 3 and stages.stride <= _OUTPUT_STRIDE
        if not known or stem.activation != head.activation:
            return None
        features = stages.add_features(head)
        arguments |= {"num_features": head.hidden_channels, "head_bias": head.hidden_bias}
        if head.hidden_norm:
            arguments |= {"head_bias": False, "head_norm": True}
        layers[f"{last}.hidden"] = ("conv_head", "norm_head" if head.hidden_norm else "")
    else:
        arguments["stem_kernel_size"] = stem.kernel
        arguments["output_stride"] = max(stages.stride, _OUTPUT_STRIDE)
        if stem.activation == head.activation:
            features = ("conv_head", "bn2")
            arguments["num_features"] = head.feature_channels
        else:
            features = stages.add_features(head)
            arguments["num_features"] = 0
        if not stages.found:  # timm's builder wants one
            return None
    layers |= {f"{last}.features": features, f"{last}.classifier": ("classifier", "")}
    name = "MobileNetV3" if head.hidden_channels else "EfficientNet"
    return TimmNetwork(name, stages.found, stem.in_channels, arguments, stem.activation, layers)


@dataclass
class _Stages:
    """Stages under construction: one begins where stride or channels change.

    `of_input` says that timm's EfficientNet takes squeeze-excite as a share of the channels that
    come into a block, and not of those inside; `stride` is that of all blocks so far.
    """

    of_input: bool
    stride: int
    found: list[list[str]] = field(default_factory=list)
    layers: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, index: int, block: Block) -> None:
        assert isinstance(block, _Known)
        if not self.found or block.stride != 1 or block.in_channels != block.out_channels:
            self.found.append([])
        self.found[-1].append(self._text(block))
        self.stride *= block.stride
        for layer, names in below(self._place(), timm_layers(block)).items():
            self.layers[f"block{index}.{layer}"] = names

    def add_features(self, head: Head) -> tuple[str, str]:
        """The convolution before the pooling as a stage of its own; its names."""
        self.found.append([_convolution(head.feature_channels, 1, 1, head.activation)])
        return f"{self._place()}.conv", f"{self._place()}.bn1"

    def _place(self) -> str:
        return f"blocks.{len(self.found) - 1}.{len(self.found[-1]) - 1}"

    def _text(self, block: _Known) -> str:
        if isinstance(block, ConvBlock):
            return _convolution(block.out_channels, block.kernel, block.stride, block.activation)
        if isinstance(block, UniversalInvertedResidual):
            return _universal(block)
        parts = ["ir" if block.expands else "ds", "r1", f"k{block.kernel}", f"s{block.stride}"]
        if block.expands:
            parts.append(f"e{block.expanded_channels / block.in_channels:.6g}")
        parts.append(f"c{block.out_channels}")
        if block.squeeze_channels:
            whole = block.in_channels if self.of_input else block.expanded_channels
            parts.append(f"se{block.squeeze_channels / whole:.6g}")
        return "_".join([*parts, f"n{_ACTIVATIONS[block.activation]}"])


def _can_be_said(block: Block) -> bool:
    if not isinstance(block, _Known) or block.stride > 2:
        return False
    inside = 0 if isinstance(block, ConvBlock) else block.expanded_channels
    if isinstance(block, InvertedResidual) and not block.expands:
        inside = 0
    return block.activation in _ACTIVATIONS and inside % 8 == 0


def _universal(block: UniversalInvertedResidual) -> str:
    kernels = f"a{block.start_kernel}_k{block.middle_kernel}_s{block.stride}"
    expansion = f"e{block.expanded_channels / block.in_channels:.6g}"
    return f"uir_r1_{kernels}_{expansion}_c{block.out_channels}_n{_ACTIVATIONS[block.activation]}"


def _convolution(channels: int, kernel: int, stride: int, activation: str) -> str:
    return f"cn_r1_k{kernel}_s{stride}_c{channels}_n{_ACTIVATIONS[activation]}"
