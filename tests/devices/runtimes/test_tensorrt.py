"""The runtimes of TensorRT on a simulated GPU, by the signatures of the real bindings."""

import ctypes
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.runtimes import load_runtime
from hwnas.devices.runtimes.tensorrt import TensorRt
from tests.devices.runtimes.fake_cuda import Code, Gpu
from tests.devices.runtimes.flavours import FLAVOURS
from tests.devices.runtimes.simulated_trt import SHAPES, SimulatedTrt


@pytest.fixture(params=FLAVOURS, ids=" ".join)
def flavour(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param


@pytest.fixture
def simulated(flavour: tuple[str, str], gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> SimulatedTrt:
    one = SimulatedTrt(*flavour, gpu)
    monkeypatch.setitem(sys.modules, flavour[0], one.module)
    return one


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"model")
    return path


def test_an_engine_is_built_loaded_run_and_timed(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path
) -> None:
    runtime = load_runtime(flavour[0])
    assert (runtime.version, runtime.gpu) == (flavour[1], "0000:01:00.0")
    graph = runtime.load(model, threads=1)
    product = {"tensorrt": "TensorRT", "tensorrt_rtx": "TensorRT-RTX"}[flavour[0]]
    assert graph.provider == f"{product} on Simulated GPU"
    image = np.arange(96, dtype=np.float32).reshape(SHAPES["input"])
    expected = [image[0].sum()] * 5 + [image[1].sum()] * 5
    assert graph.run(image).ravel().tolist() == expected
    assert graph.run_raw(struct.pack("<96f", *range(96))) == expected
    assert graph.warnings == ()
    assert graph.time(least_runs=4, least_ms=0.0) == pytest.approx([0.4] * 4)
    assert simulated.gpu.launches > 4


def test_its_layers_are_profiled(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path
) -> None:
    found = load_runtime(flavour[0]).operators(model, threads=1, runs=3)
    assert [one["name"] for one in found] == ["conv + relu", "gemm"]
    assert [one["type"] for one in found] == ["CaskConvolution", ""]
    assert [one["ms"] for one in found] == pytest.approx([0.3, 0.1])
    assert simulated.gpu.launches == 0


def test_inputs_of_other_shapes_are_refused(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path
) -> None:
    del simulated
    graph = load_runtime(flavour[0]).load(model, threads=1)
    with pytest.raises(DeviceError, match=r"the input input is \[2, 3, 4, 4\], not \(1, 3, 4, 4\)"):
        graph.run(np.zeros((1, 3, 4, 4), np.float32))
    with pytest.raises(DeviceError, match="not of 8 bytes"):
        graph.run_raw(b"12345678")


@pytest.mark.parametrize(
    ("fails", "sentence"),
    [
        ("parse", r"cannot load a\.onnx: Conv block0\.conv: this is not a model"),
        ("build", r"cannot load a\.onnx: no reason is known"),
        ("deserialize", r"cannot load a\.onnx: no reason is known"),
        ("context", r"cannot load a\.onnx: no reason is known"),
    ],
)
def test_what_fails_is_one_sentence(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path, fails: str, sentence: str
) -> None:
    simulated.refuses.add(fails)
    with pytest.raises(DeviceError, match=f"^TensorRT(-RTX)? {sentence}") as caught:
        load_runtime(flavour[0]).load(model, threads=1)
    # The simulated GPU is of a kind that only TensorRT supports.
    hint = "is not made for a GPU of compute capability 9.0, as Simulated GPU is"
    assert (hint in str(caught.value)) == (flavour[0] == "tensorrt_rtx")


def test_an_inference_that_fails_is_one_sentence(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path
) -> None:
    graph = load_runtime(flavour[0]).load(model, threads=1)
    simulated.refuses.add("execute")
    with pytest.raises(DeviceError, match="on Simulated GPU cannot run"):
        graph.time(least_runs=1, least_ms=0.0)


def test_tensors_that_cannot_be_filled_are_refused(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path
) -> None:
    runtime = load_runtime(flavour[0])
    simulated.shapes["input"] = (-1, 3, 4, 4)
    with pytest.raises(DeviceError, match=r"the shape of input is \[-1, 3, 4, 4\], which is not"):
        runtime.load(model, threads=1)
    simulated.shapes["input"] = SHAPES["input"]
    simulated.types["input"] = "FP8"
    with pytest.raises(DeviceError, match="input is a tensor of FP8, which cannot be filled"):
        runtime.load(model, threads=1)


def test_what_was_learnt_is_given_to_the_next_process(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path
) -> None:
    runtime = TensorRt(flavour[0])
    runtime.cache = b"earlier"
    assert runtime.cache == b"earlier"
    runtime.load(model, threads=1)
    runtime.load(model, threads=1)
    if flavour[0] == "tensorrt":
        assert simulated.caches == [b"earlier", b"timings"]
        assert runtime.cache == b"timings"
    else:
        assert simulated.caches == [b"earlier"]
        assert runtime.cache == b"kernels"


def test_a_timing_cache_of_another_gpu_is_left_aside(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path
) -> None:
    simulated.refuses.add("set_timing_cache")
    runtime = TensorRt(flavour[0])
    runtime.cache = b"another's"
    runtime.load(model, threads=1)
    assert simulated.caches == [b"another's", *([b""] if flavour[0] == "tensorrt" else [])]


@pytest.mark.parametrize("name", ["tensorrt", "tensorrt_rtx"])
def test_a_gpu_is_looked_for_before_anything_else(
    name: str, gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    gpu.failure = Code.cudaErrorNoDevice
    with pytest.raises(DeviceError, match="CUDA finds no GPU"):
        load_runtime(name)
    gpu.failure = Code.cudaSuccess
    with pytest.raises(DeviceError, match=rf"pip install {name.replace('_', '-')}'$"):
        load_runtime(name)


@pytest.mark.parametrize(
    "code",
    [
        "Builder(log).make_it_so()",
        "Builder()",
        "BuilderFlag.FAST",
        "Runtime(log).deserialize_cuda_engine(1, 2)",
    ],
)
def test_what_the_real_one_lacks_the_simulated_one_lacks_too(
    simulated: SimulatedTrt, code: str
) -> None:
    class Log(simulated.module.ILogger):  # type: ignore[name-defined]
        pass

    with pytest.raises((AttributeError, TypeError)):
        eval(f"trt.{code}", {"trt": simulated.module, "log": Log()})
    with pytest.raises(AttributeError):
        simulated.module.Builder(Log()).invented = 1


def test_all_engines_share_the_memory_of_the_one_that_needs_most(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path
) -> None:
    runtime = load_runtime(flavour[0])
    graphs = []
    for simulated.scratch in (1000, 3000, 2000):
        graphs.append(runtime.load(model, threads=1))
    for graph in graphs:
        graph.infer()
        graph.infer()  # it has its memory now
    address, size = simulated.given[0]
    assert simulated.given == [(address, 3000)] * 3
    simulated.scratch = 4000
    runtime.load(model, threads=1).infer()
    assert simulated.given[3] == (simulated.given[3][0], 4000)
    # The others still run in theirs, perhaps from a CUDA graph that holds its address.
    assert size == ctypes.sizeof(simulated.gpu.memory[address])


def test_a_tensorrt_that_does_not_tell_how_much_memory_takes_its_own(
    flavour: tuple[str, str], simulated: SimulatedTrt, model: Path
) -> None:
    del simulated.module.ICudaEngine.device_memory_size_v2
    load_runtime(flavour[0]).load(model, threads=1).infer()
    assert not simulated.given


def test_a_tensorrt_that_does_not_start_says_why(
    flavour: tuple[str, str], simulated: SimulatedTrt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(log: Any) -> None:
        log.log(simulated.module.ILogger.ERROR, "CUDA initialization failure with error: 35")
        raise TypeError("pybind11::init(): factory function returned nullptr")

    monkeypatch.setattr(simulated.module, "Runtime", refuse)
    with pytest.raises(DeviceError, match="does not start: CUDA initialization failure with"):
        load_runtime(flavour[0])
