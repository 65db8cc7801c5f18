"""TensorRT-RTX itself, parsing and building: it needs no GPU when told for which one to build."""

import platform
import sys
from pathlib import Path

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.device import Device
from hwnas.devices.runtimes.trt_build import TrtBuilder
from hwnas.devices.target import open_target
from hwnas.latency.measure import timed_model
from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Network, Skip
from hwnas.networks.graph import build_graph
from hwnas.networks.quantize import quantize

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="TensorRT-RTX is made for x86 alone",
)

BLOCKS: dict[str, Block] = {
    "first": ConvBlock(3, 16, 3, 2, "hard_swish", 32),
    "conv": ConvBlock(16, 24, 1, 1, "relu6", 16),
    "residual": InvertedResidual(16, 64, 16, 5, 1, 0, "relu", 16),
    "squeeze": InvertedResidual(16, 64, 16, 5, 1, 16, "hard_swish", 16),
    "stride": InvertedResidual(16, 64, 24, 7, 2, 0, "relu6", 16),
    "no expansion": InvertedResidual(16, 16, 16, 3, 1, 0, "relu6", 16),
    "skip": Skip(16, 16),
    "head": Head(24, 96, 64, 10, "hard_swish", 8),
    "head without hidden layer": Head(24, 96, 0, 10, "relu6", 8),
}
# A skip is never timed, and there is nothing in it to quantise.
BUILT = [
    (name, precision)
    for name in BLOCKS
    for precision in ("fp32", "fp16", "int8")
    if (name, precision) != ("skip", "int8")
]
PRECISIONS = pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])


@pytest.fixture(scope="module")
def builder() -> TrtBuilder:
    return TrtBuilder("tensorrt_rtx", capability="SM89")


def mobilenet_v2(resolution: int = 64) -> Network:
    """MobileNetV2's stages, of one block each."""
    blocks: list[Block] = [ConvBlock(3, 32, 3, 2, "relu6", resolution)]
    size, channels = resolution // 2, 32
    for expansion, out, stride in [
        (1, 16, 1),
        (6, 24, 2),
        (6, 32, 2),
        (6, 64, 2),
        (6, 64, 1),
        (6, 96, 1),
        (6, 160, 2),
        (6, 320, 1),
    ]:
        blocks.append(
            InvertedResidual(channels, channels * expansion, out, 3, stride, 0, "relu6", size)
        )
        size, channels = -(-size // stride), out
    return (*blocks, Head(channels, 1280, 0, 100, "relu6", size))


def device(precision: str, batch: int = 1) -> Device:
    return Device(name="gpu", runtime="tensorrt_rtx", precision=precision, batch=batch)


@pytest.mark.parametrize(("name", "precision"), BUILT)
def test_every_kind_of_block_is_built(builder: TrtBuilder, name: str, precision: str) -> None:
    model = timed_model([BLOCKS[name]], device(precision), inner=True)
    assert builder.build(model, name)


@PRECISIONS
@pytest.mark.parametrize("batch", [1, 32])
def test_whole_networks_are_built(builder: TrtBuilder, precision: str, batch: int) -> None:
    model = timed_model(mobilenet_v2(), device(precision, batch), inner=False)
    assert len(builder.build(model, "network")) > 1e6


def test_an_engine_that_tells_its_layers_is_built(builder: TrtBuilder) -> None:
    model = timed_model([BLOCKS["squeeze"]], device("fp16"), inner=True)
    assert builder.build(model, "a", detailed=True)


def test_there_is_no_timing_cache(builder: TrtBuilder) -> None:
    assert builder.build(timed_model([BLOCKS["conv"]], device("fp32"), inner=True), "a")
    assert builder.cache == b""


def unknown_operator() -> bytes:
    model = build_graph([BLOCKS["first"]])
    model.graph.node[1].op_type = "Nonesuch"
    return bytes(model.SerializeToString())


def wrong_channels() -> bytes:
    model = build_graph([BLOCKS["first"]])
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 5
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (b"no model", "Failed to parse the ONNX model"),
        (unknown_operator(), r"Nonesuch block0\.conv\.hard_swish: .*Plugin not found"),
        (wrong_channels(), r"Conv block0\.conv: .*Kernel weight dimension"),
        # ONNX Runtime's recipe.
        (
            quantize(build_graph([BLOCKS["first"]]), "asymmetric").SerializeToString(),
            r"DequantizeLinear block0\.conv\.bias_DequantizeLinear: .*input has type Int32",
        ),
    ],
    ids=["no model", "operator", "shape", "recipe"],
)
def test_what_the_parser_says_reaches_the_user(
    builder: TrtBuilder, model: bytes, sentence: str
) -> None:
    with pytest.raises(DeviceError, match=rf"^TensorRT-RTX cannot load a\.onnx: .*{sentence}") as e:
        builder.build(model, "a.onnx")
    assert "\n" not in str(e.value)
    assert builder.build(timed_model([BLOCKS["conv"]], device("fp32"), inner=True), "next")


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there is a GPU, for which it builds")
def test_what_the_builder_says_reaches_the_user() -> None:
    here = TrtBuilder("tensorrt_rtx", capability="CURRENT")
    model = timed_model([BLOCKS["conv"]], device("fp32"), inner=True)
    with pytest.raises(DeviceError, match=r"cannot load a: .*buildSerializedNetwork: .*cudaError"):
        here.build(model, "a")


@pytest.mark.parametrize("runtime", ["tensorrt", "tensorrt_rtx"])
def test_a_machine_without_a_gpu_is_told_before_anything_is_loaded(
    runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # also where there is one
    here = Device(name="here", runtime=runtime)
    with open_target(here) as target:
        target.add("a", b"no model")
        with pytest.raises(DeviceError, match=r"no NVIDIA driver|finds no GPU"):
            target.facts("a")
