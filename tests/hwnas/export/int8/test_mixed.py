"""Parts of an int8 graph that stay in float."""

from hwnas.export.int8.mixed import float_parts
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.graph import build_graph
from hwnas.networks.quantize import quantize
from tests.hwnas.export.int8.networks import NETWORK


def test_parts_are_squeeze_excite_and_hard_swish_and_both() -> None:
    assert float_parts(NETWORK) == {
        "squeeze-excite": {"block1.squeeze_reduce", "block1.squeeze_expand"},
        "hard-swish": {"block0.conv"},
        "squeeze-excite and hard-swish": {
            "block0.conv",
            "block1.squeeze_reduce",
            "block1.squeeze_expand",
        },
    }


def test_a_network_of_integers_all_the_way_has_none() -> None:
    stem, head = ConvBlock(3, 8, 3, 2, "relu", 16), Head(8, 16, 8, 4, "relu", 8)
    assert float_parts((stem, InvertedResidual(8, 24, 8, 5, 1, 0, "relu6", 8), head)) == {}


def test_these_keep_their_weights_and_all_others_are_rounded() -> None:
    model = build_graph(NETWORK)
    mixed = quantize(model, "asymmetric", None, float_parts(NETWORK)["squeeze-excite"])
    weights = {one.name: one.data_type for one in mixed.graph.initializer if "weight" in one.name}
    in_float = {name for name, kind in weights.items() if kind == 1 and "scale" not in name}
    assert in_float == {"block1.squeeze_reduce.weight", "block1.squeeze_expand.weight"}
    assert "block1.project.weight_quantized" in weights
