"""Lets timm build the networks that hwnas exports. It needs timm, and no hwnas.

    import sys
    import timm

    sys.path.insert(0, "export/winner")  # the folder of this file
    import timm_model

    model = timm.create_model("local-dir:export/winner", pretrained=True).eval()

timm builds networks whose names it knows. This file adds one name, "hwnas_network", for all of
them: what tells them apart is `model_args` in config.json. It is the same file in every export.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from timm.layers import get_act_layer
from timm.models import register_model
from timm.models._efficientnet_blocks import SqueezeExcite
from timm.models._efficientnet_builder import decode_arch_def
from timm.models.efficientnet import _create_effnet
from timm.models.mobilenetv3 import _create_mnv3
from torch import Tensor, nn

_CLASSES = {"EfficientNet": _create_effnet, "MobileNetV3": _create_mnv3}


@register_model
def hwnas_network(
    pretrained: bool = False,
    *,
    model_class: str,
    arch_def: list[list[str]],
    act_layer: str,
    bn_eps: float,
    weight_names: Mapping[str, Sequence[str]],
    **kwargs: Any,
) -> nn.Module:
    """The network that config.json describes.

    Args:
        pretrained: whether to load its weights.
        model_class: "EfficientNet" or "MobileNetV3".
        arch_def: its stages, for timm's `decode_arch_def`.
        act_layer: the activation of stem and head.
        bn_eps: what its batch norms add to variances.
        weight_names: timm's names of the convolution and the batch norm of each layer, by that of
            model.safetensors.
        kwargs: further arguments of timm's class, and those of `timm.create_model`.
    """
    return _CLASSES[model_class](
        "hwnas_network",
        pretrained,
        block_args=decode_arch_def(arch_def),
        act_layer=get_act_layer(act_layer),
        norm_layer=partial(nn.BatchNorm2d, eps=bn_eps),
        se_layer=partial(SqueezeExcite, gate_layer="hard_sigmoid", force_act_layer=nn.ReLU),
        round_chs_fn=lambda channels: channels,
        pretrained_filter_fn=partial(_in_names_of_timm, names=weight_names),
        **kwargs,
    )


def _in_names_of_timm(
    state: Mapping[str, Tensor], model: nn.Module, names: Mapping[str, Sequence[str]]
) -> dict[str, Tensor]:
    """The tensors of model.safetensors as the model has them; those of timm's names as they are."""
    del model
    found = {}
    for name, tensor in state.items():
        layer, part = name.rsplit(".", 1)
        convolution, norm = names.get(layer.removesuffix(".norm"), (layer, layer))
        theirs = f"{norm if layer.endswith('.norm') else convolution}.{part}"
        # The file has fully connected layers as convolutions of one pixel.
        found[theirs] = tensor.flatten(1) if theirs == "classifier.weight" else tensor
    return found
