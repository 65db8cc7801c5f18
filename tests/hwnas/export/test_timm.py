"""Exported networks in timm's words; timm itself is asked in tests/timm."""

import json
from dataclasses import replace

import pytest

from hwnas.export.timm import timm_network
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network, Skip
from hwnas.networks.conventions import Conventions
from hwnas.spaces import load_space, reference_network

V3_SMALL = [
    ["ds_r1_k3_s2_c16_se0.5_nre"],
    ["ir_r1_k3_s2_e4.5_c24_nre", "ir_r1_k3_s1_e3.66667_c24_nre"],
    ["ir_r1_k5_s2_e4_c40_se0.25_nhs", *["ir_r1_k5_s1_e6_c40_se0.266667_nhs"] * 2],
    ["ir_r1_k5_s1_e3_c48_se0.266667_nhs", "ir_r1_k5_s1_e3_c48_se0.277778_nhs"],
    ["ir_r1_k5_s2_e6_c96_se0.25_nhs", *["ir_r1_k5_s1_e6_c96_se0.25_nhs"] * 2],
    ["cn_r1_k1_s1_c576_nhs"],
]


def reference(name: str) -> Network:
    return reference_network(name, resolution=32, classes=10)


def test_mobilenet_v3_small_is_timms() -> None:
    found = timm_network(reference("mobilenet_v3_small"))
    assert found is not None
    assert found.arch_def == V3_SMALL
    arguments = found.model_args(1e-3)
    names = arguments.pop("weight_names")
    assert arguments == {
        "model_class": "MobileNetV3",
        "arch_def": V3_SMALL,
        "act_layer": "hard_swish",
        "bn_eps": 1e-3,
        "stem_size": 16,
        "num_features": 1024,
        "head_bias": True,
    }
    assert names["block0.conv"] == ["conv_stem", "bn1"]
    assert names["block1.squeeze_reduce"] == ["blocks.0.0.se.conv_reduce", ""]


def test_config_json_tells_timm_of_images_and_classes() -> None:
    found = timm_network(reference("mobilenet_v2"))
    assert found is not None
    conventions = Conventions(mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    config = found.config(32, ("cat", "dog"), conventions)
    assert json.loads(json.dumps(config)) == config
    assert (config["architecture"], config["num_classes"]) == ("hwnas_network", 2)
    assert config["label_names"] == ["cat", "dog"]
    assert config["model_args"] == found.model_args(1e-5)
    assert config["pretrained_cfg"]["input_size"] == [3, 32, 32]
    assert config["pretrained_cfg"]["mean"] == [0.5, 0.4, 0.3]


def test_mobilenet_v2_is_timms() -> None:
    found = timm_network(reference("mobilenet_v2"))
    assert found is not None
    assert [len(stage) for stage in found.arch_def] == [1, 2, 3, 4, 3, 3, 1]
    assert found.arch_def[0] == ["ds_r1_k3_s1_c16_nr6"]
    assert found.arch_def[1] == ["ir_r1_k3_s2_e6_c24_nr6", "ir_r1_k3_s1_e6_c24_nr6"]
    assert found.class_name == "EfficientNet"


def test_a_hidden_layer_without_bias_is_an_argument_of_timms() -> None:
    space = load_space("once_for_all_mobilenet_v3", width=1.2)
    found = timm_network(space.network(space.choice_counts - 1))
    assert found is not None
    assert found.arguments == {
        "stem_size": 24,
        "num_features": 1536,
        "head_bias": False,
    }


STEM = ConvBlock(3, 16, 3, 2, "relu", 32)
BLOCK = InvertedResidual(16, 48, 24, 3, 2, 8, "relu", 16)
HEAD = Head(24, 64, 32, 10, "relu", 8)


@pytest.mark.parametrize(
    "network",
    [
        (replace(STEM, stride=1), BLOCK, HEAD),
        (replace(STEM, stride=4), BLOCK, HEAD),
        (replace(STEM, kernel=5), BLOCK, HEAD),
        (replace(STEM, activation="hard_swish"), BLOCK, HEAD),
        (replace(STEM, activation="none"), BLOCK, replace(HEAD, hidden_channels=0)),
        (STEM, replace(BLOCK, stride=3), HEAD),
        (STEM, replace(BLOCK, same_padding=True), HEAD),
        (STEM, replace(BLOCK, expanded_channels=36), HEAD),
        (STEM, replace(BLOCK, activation="none"), HEAD),
        (STEM, ConvBlock(16, 24, 1, 2, "none", 16), HEAD),
        (STEM, Skip(16, 16), BLOCK, HEAD),
        (STEM, *[replace(BLOCK, stride=2)] * 5, HEAD),
        (STEM, replace(HEAD, in_channels=16, hidden_channels=0)),
        (STEM, BLOCK),
        (BLOCK, HEAD),
    ],
)
def test_what_timm_cannot_build_is_not_described(network: Network) -> None:
    assert timm_network((STEM, BLOCK, HEAD)) is not None
    assert timm_network(network) is None


def test_a_space_whose_stem_keeps_the_size_is_not_described() -> None:
    space = load_space("nas_bench_macro")
    assert timm_network(space.network(space.choice_counts * 0)) is None
