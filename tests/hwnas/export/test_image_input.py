"""Files that take the bytes of images compute what those that take floats do."""

import numpy as np
import onnx
import pytest

from hwnas.data import ImageDataset, Split
from hwnas.devices.device import Device
from hwnas.export.for_device import file_for
from hwnas.export.image_input import UINT8, taking_bytes
from hwnas.export.open_batch import check_open_batch, with_open_batch
from hwnas.export.verification import onnx_logits
from hwnas.export.writer import network_config
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.conventions import Conventions
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401

CONVENTIONS = Conventions(mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
NETWORK = (
    ConvBlock(3, 8, 3, 2, "relu", 16),
    InvertedResidual(8, 16, 8, 3, 1, 8, "hard_swish", 8),
    Head(8, 16, 8, 4, "relu", 8),
)
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (5, 3, 16, 16), dtype=np.uint8)
SPLIT = Split(IMAGES, GENERATOR.integers(0, 4, 5))
DATASET = ImageDataset("any", tuple("abcd"), SPLIT, SPLIT, SPLIT)


@pytest.mark.parametrize("batch", [1, 2])
def test_the_logits_are_the_same_to_the_bit(batch: int) -> None:
    model = build_graph(NETWORK, batch=batch)
    made = taking_bytes(model, CONVENTIONS)
    onnx.checker.check_model(made, full_check=True)
    one, other = (
        onnx_logits(graph.SerializeToString(), IMAGES, batch, CONVENTIONS)
        for graph in (model, made)
    )
    assert np.array_equal(one, other)


def test_any_number_of_images_may_be_given() -> None:
    fixed = taking_bytes(build_graph(NETWORK), CONVENTIONS).SerializeToString()
    opened = with_open_batch(fixed)
    shape = onnx.load_from_string(opened).graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in shape] == ["batch", 16, 16, 3]
    check_open_batch(opened, fixed, IMAGES, batch=1, precision="fp32", conventions=CONVENTIONS)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_every_file_of_a_device_takes_bytes_and_is_checked_so(precision: str) -> None:
    module = NetworkModule(NETWORK, conventions=CONVENTIONS).eval()
    device = Device(name="any", precision=precision)
    made = file_for(device, NETWORK, module, DATASET, UINT8)
    for model in (made.model, made.fp32):
        taken = onnx.load_from_string(model).graph.input[0].type.tensor_type
        assert taken.elem_type == onnx.TensorProto.UINT8
    assert made.numbers.max_abs_diff < 1e-4
    assert made.converted == (precision == "int8")


def test_config_json_says_what_the_file_takes() -> None:
    of_floats, of_bytes = (
        network_config(
            NETWORK, DATASET, batch=2, training={}, conventions=CONVENTIONS, image_input=name
        )["input"]
        for name in ("float", "uint8")
    )
    assert (of_floats["type"], of_floats["shape"]) == ("float32", [2, 3, 16, 16])
    assert (of_bytes["type"], of_bytes["shape"]) == ("uint8", [2, 16, 16, 3])
    assert of_bytes["preprocessing"]["layout"] == "NHWC"
    assert of_bytes["preprocessing"]["scale"].startswith("none")
