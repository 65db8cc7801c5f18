import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto

from hwnas.devices.device import Device
from hwnas.latency.measure import timed_model
from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Network, Skip
from hwnas.networks.graph import build_graph
from hwnas.networks.half import to_half

BLOCKS: tuple[Block, ...] = (
    ConvBlock(3, 8, 3, 2, "hard_swish", 16),
    InvertedResidual(8, 24, 8, 5, 1, 8, "relu6", 8),
    InvertedResidual(8, 24, 16, 3, 2, 0, "relu", 8),
    Skip(16, 4),
    Head(16, 24, 8, 4, "relu", 4),
)
NETWORK: Network = BLOCKS


def computed(model: onnx.ModelProto, image: np.ndarray) -> np.ndarray:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: image})[0]


def image_of(model: onnx.ModelProto) -> np.ndarray:
    shape = [one.dim_value for one in model.graph.input[0].type.tensor_type.shape.dim]
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def test_a_network_computes_nearly_the_same_in_half_precision() -> None:
    model = build_graph(NETWORK, batch=2)
    before = model.SerializeToString()
    half = to_half(model, first=True, last=True)
    assert model.SerializeToString() == before
    expected, found = (computed(one, image_of(model)) for one in (model, half))
    assert found.dtype == np.float32
    # fp16 has 11 bits: a rounding is within 0.05 %, and this is some thirty of them in a row.
    assert np.abs(found - expected).max() < 5e-3 * np.abs(expected).max()


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_computes_nearly_the_same_in_half_precision(block: Block) -> None:
    model = build_graph([block])
    half = to_half(model, first=False, last=False)
    image = image_of(model)
    expected = computed(model, image)
    found = computed(half, image.astype(np.float16))
    assert found.dtype == np.float16
    assert np.abs(found - expected).max() < 5e-3 * np.abs(expected).max()


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("inner", [True, False])
def test_only_the_image_and_the_logits_of_a_network_are_float32(block: Block, inner: bool) -> None:
    device = Device(name="gpu", runtime="tensorrt", precision="fp16")
    model = onnx.load_from_string(timed_model([block], device, inner=inner))
    onnx.checker.check_model(model, full_check=True)
    ends = [model.graph.input[0], model.graph.output[0]]
    floats = [one.type.tensor_type.elem_type == TensorProto.FLOAT for one in ends]
    first, last = not inner or block is BLOCKS[0], not inner or block is BLOCKS[-1]
    assert floats == [first, last]
    casts = [node.op_type for node in model.graph.node].count("Cast")
    assert casts == first + last
    assert {one.data_type for one in model.graph.initializer} <= {TensorProto.FLOAT16}
