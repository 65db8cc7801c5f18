"""timm's own arch_def of the published networks, as its model files state them.

Built by timm 1.0's EfficientNetBuilder from these strings, the references and sampled networks of
all three spaces have the parameter counts that hwnas counts.
"""

from hwnas.export.timm import timm_arch_def, timm_arguments
from hwnas.spaces import load_space, reference_network
from latency.blocks import Network

V3_SMALL = [
    ["ds_r1_k3_s2_c16_se0.25_nre"],
    ["ir_r1_k3_s2_e4.5_c24_nre", "ir_r1_k3_s1_e3.66667_c24_nre"],
    ["ir_r1_k5_s2_e4_c40_se0.25_nhs", *["ir_r1_k5_s1_e6_c40_se0.25_nhs"] * 2],
    ["ir_r1_k5_s1_e3_c48_se0.25_nhs"] * 2,
    ["ir_r1_k5_s2_e6_c96_se0.25_nhs", *["ir_r1_k5_s1_e6_c96_se0.25_nhs"] * 2],
    ["cn_r1_k1_s1_c576_nhs"],
]


def reference(name: str) -> Network:
    return reference_network(name, resolution=32, classes=10)


def test_mobilenet_v3_small_is_timms() -> None:
    assert timm_arch_def(reference("mobilenet_v3_small")) == V3_SMALL
    assert timm_arguments(reference("mobilenet_v3_small")) == {
        "class": "MobileNetV3", "stem_size": 16, "num_features": 1024, "num_classes": 10,
        "act_layer": "hard_swish",
    }  # fmt: skip


def test_mobilenet_v2_is_timms() -> None:
    stages = timm_arch_def(reference("mobilenet_v2"))
    assert stages is not None
    assert [len(stage) for stage in stages] == [1, 2, 3, 4, 3, 3, 1]
    assert stages[0] == ["ds_r1_k3_s1_c16_nr6"]
    assert stages[1] == ["ir_r1_k3_s2_e6_c24_nr6", "ir_r1_k3_s1_e6_c24_nr6"]
    assert (timm_arguments(reference("mobilenet_v2")) or {})["class"] == "EfficientNet"


def test_what_timm_cannot_say_is_left_out() -> None:
    space = load_space("nas_bench_macro")
    assert timm_arch_def(space.network(space.choice_counts * 0)) is None
    assert timm_arguments(space.network(space.choice_counts * 0)) is None


def test_a_hidden_layer_without_bias_is_an_argument_of_timms() -> None:
    """Built by timm 1.0.31's MobileNetV3, such networks have the parameters that hwnas counts."""
    space = load_space("once_for_all_mobilenet_v3", width=1.2)
    assert timm_arguments(space.network(space.choice_counts - 1)) == {
        "class": "MobileNetV3", "stem_size": 24, "num_features": 1536, "num_classes": 1000,
        "act_layer": "hard_swish", "head_bias": False,
    }  # fmt: skip
