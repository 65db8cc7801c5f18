import itertools
import random

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Network, Skip
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import IR_VERSION, OPSET, build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import load_space, reference_network
from hwnas.training.recalibration import recalibrate
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401
from tests.hwnas.supernet.helpers import images, randomise

ACTIVATIONS = ("relu", "relu6", "hard_swish")

CONVOLUTIONS = [
    ConvBlock(3, 8, kernel, stride, activation, resolution)
    for kernel, stride, activation, resolution in itertools.product(
        (1, 3, 5, 7), (1, 2), (*ACTIVATIONS, "none"), (7, 8)
    )
]
# Expanded channels: none, narrower than the input, wider. A fixed third of all combinations.
INVERTED_RESIDUALS = [
    InvertedResidual(8, expanded, out, kernel, stride, squeeze, activation, resolution)
    for expanded, out, kernel, stride, squeeze, activation, resolution in itertools.product(
        (8, 4, 24), (8, 12), (3, 5, 7), (1, 2), (0, 8), ACTIVATIONS, (1, 7, 8)
    )
]
INVERTED_RESIDUALS = random.Random(0).sample(INVERTED_RESIDUALS, len(INVERTED_RESIDUALS) // 3)
HEADS = [
    Head(8, 24, hidden, 10, activation, resolution)
    for hidden, activation, resolution in itertools.product((0, 16), ACTIVATIONS, (1, 3, 4))
]
HEADS += [Head(8, 24, 16, 10, activation, 3, hidden_bias=False) for activation in ACTIVATIONS]
BLOCKS: dict[str, list[Block]] = {
    "conv": [*CONVOLUTIONS],
    "inverted residual": [*INVERTED_RESIDUALS],
    "head": [*HEADS],
    "skip": [Skip(8, 7)],
}


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"input": x})[0]


def difference(blocks: Network, seed: int, network: NetworkModule | None = None) -> float:
    network = network or NetworkModule(blocks, seed)
    network.eval()
    first = blocks[0]
    shape = (2, first.in_channels, first.resolution, first.resolution)
    x = np.random.default_rng(seed).standard_normal(shape, np.float32)
    model = build_graph(blocks, batch=2, weights=folded_weights(network))
    onnx.checker.check_model(model, full_check=True)
    with torch.inference_mode():
        expected = network(torch.from_numpy(x)).numpy()
    actual = run(model, x)
    assert actual.shape == expected.shape
    assert len(blocks) == 1 or np.abs(expected).max() > 1e-3, "outputs of zero prove nothing"
    return float(np.abs(actual - expected).max())


@pytest.mark.parametrize("kind", BLOCKS)
def test_graph_of_every_block_equals_its_module(kind):
    for seed, block in enumerate(BLOCKS[kind]):
        network = NetworkModule([block], seed)
        randomise(network, seed)
        assert difference((block,), seed, network) <= 2e-5, block


def whole_networks() -> dict[str, Network]:
    networks = {}
    for name, resolution in (
        ("mobilenet_v2", 33),
        ("mobilenet_v3_small", 48),
        ("mobilenet_v3_large", 64),
        ("nas_bench_macro", 32),
    ):
        space = load_space(name, resolution=resolution, classes=10)
        for index, row in enumerate(space.sample(np.random.default_rng(0), 1)):
            networks[f"{name} sample {index}"] = space.network(row)
    for name in (
        *("mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"),
        *("lite/efficientnet_lite0", "mobilenet_v4_conv_small"),
    ):
        networks[f"{name} reference"] = reference_network(name, resolution=40, classes=10)
    return networks


NETWORKS = whole_networks()


@pytest.mark.parametrize("name", NETWORKS)
def test_graph_of_a_whole_network_equals_its_module(name):
    blocks = NETWORKS[name]
    network = NetworkModule(blocks)
    # Random scales, then statistics that fit them: activations as large as in a trained network.
    randomise(network)
    recalibrate(network, images(8, blocks[0].resolution).images)
    assert difference(blocks, 0, network) <= 1e-4


@pytest.mark.filterwarnings("ignore")
def test_the_compiler_sees_a_network_as_one_graph():
    stem, block = ConvBlock(3, 8, 3, 2, "relu", 8), InvertedResidual(8, 16, 8, 3, 1, 8, "relu", 4)
    network = NetworkModule([stem, block, Head(8, 16, 8, 4, "hard_swish", 4)])
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(compiled(x), network(x))


def test_a_wrong_weight_would_be_noticed():
    block = InvertedResidual(8, 24, 8, 3, 1, 8, "hard_swish", 8)
    network = NetworkModule([block])
    randomise(network)
    weights = folded_weights(network)
    weights[0]["depthwise.weight"][3, 0, 1, 1] += 0.01
    x = np.random.default_rng(0).standard_normal((1, 8, 8, 8), np.float32)
    right = run(build_graph([block], weights=folded_weights(network)), x)
    assert np.abs(right - run(build_graph([block], weights=weights), x)).max() > 1e-4


def test_equal_blocks_give_byte_identical_graphs():
    for blocks in BLOCKS.values():
        for block in blocks[::17]:
            twin = type(block)(**{name: getattr(block, name) for name in block.__slots__})
            assert twin is not block
            first, second = build_graph([block]), build_graph([twin])
            assert first.SerializeToString() == second.SerializeToString()


def test_different_blocks_give_different_graphs():
    graphs = {build_graph([block]).SerializeToString() for block in INVERTED_RESIDUALS}
    assert len(graphs) == len(INVERTED_RESIDUALS)


def test_graphs_keep_to_versions_that_old_runtimes_read():
    model = build_graph(NETWORKS["mobilenet_v3_small reference"])
    assert model.ir_version == IR_VERSION
    assert [(item.domain, item.version) for item in model.opset_import] == [("", OPSET)]


def test_batch_is_part_of_the_graph_and_images_do_not_mix():
    blocks = NETWORKS["mobilenet_v3_small sample 0"]
    x = np.random.default_rng(0).standard_normal((3, 3, 48, 48), np.float32)
    together = run(build_graph(blocks, batch=3), x)
    apart = np.concatenate([run(build_graph(blocks), image[None]) for image in x])
    assert together.shape == (3, 10)
    np.testing.assert_allclose(together, apart, atol=1e-5 * np.abs(apart).max())


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([], "0 weights for 1 blocks"),
        ([{"conv.weight": np.zeros((8, 3, 3, 3), np.float32)}], "takes the weights"),
        (
            [{"conv.weight": np.zeros((8, 3, 1, 1), np.float32), "conv.bias": np.zeros(8)}],
            r"takes weights of \(8, 3, 3, 3\)",
        ),
    ],
)
def test_weights_of_another_shape_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        build_graph([ConvBlock(3, 8, 3, 1, "relu", 8)], weights=weights)


def test_no_blocks_are_refused():
    with pytest.raises(ValueError, match="at least one block"):
        build_graph([])
