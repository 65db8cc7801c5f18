"""ONNX Runtime's CUDA provider on a real GPU, by a Python with onnxruntime-gpu."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from hwnas.core.errors import DeviceError
from hwnas.devices.runtimes import load_runtime
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.graph import build_graph
from hwnas.networks.half import to_half

pytestmark = pytest.mark.gpu


@pytest.fixture(autouse=True)
def installed() -> None:
    try:
        load_runtime("onnxruntime_cuda")
    except DeviceError as error:
        if "is not installed" in str(error):
            pytest.skip(str(error))  # a Python has one of the runtimes of GPUs, seldom two
        raise


NETWORK = (
    ConvBlock(3, 16, 3, 2, "hard_swish", 64),
    InvertedResidual(16, 64, 16, 5, 1, 16, "relu6", 32),
    InvertedResidual(16, 64, 24, 3, 2, 0, "relu", 32),
    Head(24, 96, 64, 10, "hard_swish", 16),
)


def image() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((1, 3, 64, 64)).astype(np.float32)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_it_computes_nearly_what_the_standard_says_and_takes_time(
    tmp_path: Path, precision: str
) -> None:
    network = build_graph(NETWORK)
    expected = ReferenceEvaluator(network).run(None, {"input": image()})[0]
    path = tmp_path / "network.onnx"
    onnx.save(to_half(network, first=True, last=True) if precision == "fp16" else network, path)
    graph = load_runtime("onnxruntime_cuda").load(path, threads=1)
    assert graph.provider.startswith("CUDAExecutionProvider on ")
    assert np.abs(graph.run(image()) - expected).max() < 2e-2 * np.abs(expected).max()
    samples = graph.time(least_runs=20, least_ms=10.0)
    assert 0 < min(samples) < 50


def test_an_inference_is_waited_for(tmp_path: Path) -> None:
    """Without waiting, 1024 images would be launched as fast as one."""
    runtime, best = load_runtime("onnxruntime_cuda"), []
    for batch in (1, 1024):
        path = tmp_path / f"{batch}.onnx"
        onnx.save(build_graph(NETWORK, batch=batch), path)
        best.append(min(runtime.load(path, threads=1).time(least_runs=10, least_ms=10.0)))
    assert best[1] > 3 * best[0]


def test_an_operator_without_a_kernel_for_gpus_is_refused(tmp_path: Path) -> None:
    value = onnx.helper.make_tensor_value_info
    words = onnx.helper.make_graph(
        [onnx.helper.make_node("StringNormalizer", ["a"], ["b"], case_change_action="LOWER")],
        "words",
        [value("a", onnx.TensorProto.STRING, [1])],
        [value("b", onnx.TensorProto.STRING, [1])],
    )
    opsets = [onnx.helper.make_opsetid("", 17)]
    path = tmp_path / "words.onnx"
    onnx.save(onnx.helper.make_model(words, opset_imports=opsets, ir_version=10), path)
    with pytest.raises(DeviceError, match="a model that runs partly on the CPU is not timed"):
        load_runtime("onnxruntime_cuda").load(path, threads=1)
