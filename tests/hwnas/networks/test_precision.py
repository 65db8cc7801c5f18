"""What a device runs is decided in one place, whether it is timed or shipped."""

import numpy as np
import onnx
import pytest

from hwnas.data import ImageDataset, Split
from hwnas.devices.device import PRECISIONS, Device
from hwnas.export.for_device import file_for, same_file
from hwnas.latency.measure import timed_model
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.networks.precision import WHOLE, Ends, in_precision

BLOCK = InvertedResidual(8, 24, 8, 5, 1, 8, "relu", 8)
NETWORK: Network = (ConvBlock(3, 8, 3, 2, "hard_swish", 16), BLOCK, Head(8, 16, 8, 4, "relu", 8))
DEVICES = [
    Device(name="cpu", runtime="onnxruntime"),
    Device(name="integers", runtime="onnxruntime", precision="int8"),
    Device(name="half", runtime="tensorrt", precision="fp16"),
    Device(name="both", runtime="tensorrt", precision="int8"),
]


def operators(model: bytes) -> list[tuple[str, list[str], list[str]]]:
    nodes = onnx.load_model_from_string(model).graph.node
    return [(node.op_type, list(node.input), list(node.output)) for node in nodes]


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_the_file_that_is_shipped_has_the_operators_of_the_one_that_is_timed(
    device: Device,
) -> None:
    generator = np.random.default_rng(0)
    split = Split(
        generator.integers(0, 256, (12, 3, 16, 16)).astype(np.uint8), generator.integers(0, 4, 12)
    )
    images = ImageDataset("any", ("a", "b", "c", "d"), split, split, split)
    shipped = file_for(device, NETWORK, NetworkModule(NETWORK).eval(), images)
    assert operators(shipped.model) == operators(timed_model(NETWORK, device, inner=False))


def test_the_ends_of_a_network_are_where_its_image_and_its_logits_are() -> None:
    assert Ends.of(NETWORK) == WHOLE
    assert Ends.of(NETWORK[:2]) == Ends(logits=False)
    assert Ends.of(NETWORK[1:]) == Ends(image=False)


def test_a_graph_of_fp32_is_left_as_it_is() -> None:
    model = build_graph([BLOCK])
    assert in_precision(model, "fp32") is model


def test_int8_without_a_recipe_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a recipe"):
        in_precision(build_graph([BLOCK]), "int8")


def test_every_precision_of_devices_is_known() -> None:
    for precision in PRECISIONS:
        assert in_precision(build_graph([BLOCK]), precision, "symmetric").graph.node
    with pytest.raises(ValueError, match="no precision 'bf16'"):
        in_precision(build_graph([BLOCK]), "bf16")


def test_ranges_are_asked_for_in_int8_alone() -> None:
    def never() -> dict[str, tuple[float, float]]:
        raise AssertionError

    in_precision(build_graph([BLOCK]), "fp16", ranges=never)
    with pytest.raises(AssertionError):
        in_precision(build_graph([BLOCK]), "int8", "symmetric", ranges=never)


def test_devices_of_one_recipe_run_the_same_file() -> None:
    cpu, integers, half, both = DEVICES
    other = Device(name="other", runtime="tensorrt_rtx", precision="int8")
    assert same_file(both, other)
    assert not same_file(integers, both)
    assert not same_file(cpu, half)
    assert not same_file(half, half.model_copy(update={"batch": 2}))
