"""ONNX Runtime's CUDA provider without a GPU: by the library for processors, which is real."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.agent import run_job
from hwnas.devices.answers import read_facts, read_visit
from hwnas.devices.job import Job
from hwnas.devices.runtimes import EnergyGraph, load_runtime, ort_cuda
from hwnas.devices.runtimes.onnxruntime import (
    CPU,
    OnnxRuntimeGraph,
    SessionPlace,
    open_session,
    session_options,
)
from hwnas.devices.runtimes.ort_cuda import DEVICE, PROVIDER, OrtCudaGraph
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.graph import build_graph
from tests.devices.runtimes.fake_cuda import Code, Gpu
from tests.devices.runtimes.flavours import compile_library

JOB = Job(
    nonce="n",
    runtime="onnxruntime_cuda",
    threads=1,
    cores="any",
    least_runs=3,
    graphs=("0.onnx",),
    rounds=((0, (0,)),),
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "0.onnx"
    onnx.save(build_graph([ConvBlock(3, 8, 3, 2, "hard_swish", 16)]), path)
    return path


@pytest.fixture
def claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library says that it has CUDA, as onnxruntime-gpu does where CUDA does not load."""
    monkeypatch.setattr(ort, "get_available_providers", lambda: [PROVIDER])


@pytest.fixture
def on_cpu(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> Gpu:
    """The processor in place of the GPU: all but the provider's and the device's name is real."""
    monkeypatch.setattr(ort_cuda, "PROVIDER", CPU.provider)
    monkeypatch.setattr(ort_cuda, "DEVICE", CPU.device)
    # Falling back to what was asked for is a contradiction, which the library refuses.
    monkeypatch.setattr(ort_cuda, "_NO_FALLBACK", "session.nothing")
    monkeypatch.setattr(ort_cuda, "WARM_UP_MS", 20.0)
    return gpu


def one_line(error: pytest.ExceptionInfo[DeviceError]) -> bool:
    return "\n" not in str(error.value)


def test_a_gpu_is_looked_for_first(gpu: Gpu) -> None:
    gpu.failure = Code.cudaErrorNoDevice
    with pytest.raises(DeviceError, match="CUDA finds no GPU"):
        load_runtime("onnxruntime_cuda")


@pytest.mark.usefixtures("gpu")
def test_the_library_without_cuda_is_told_with_the_way_to_the_other() -> None:
    with pytest.raises(DeviceError) as caught:
        load_runtime("onnxruntime_cuda")
    printed = str(caught.value)
    assert f"onnxruntime-gpu is not installed for {sys.executable}, whose onnxruntime" in printed
    assert "/bin/pip install 'onnxruntime-gpu[cuda,cudnn]' cuda-bindings" in printed
    assert "by 'python: ~/hwnas-gpu/bin/python'" in printed
    assert one_line(caught)


@pytest.mark.usefixtures("gpu")
def test_no_library_at_all_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DeviceError, match=r"onnxruntime-gpu is not installed for .*make a Python"):
        load_runtime("onnxruntime_cuda")


@pytest.mark.usefixtures("gpu", "claimed")
def test_cuda_that_does_not_load_is_told_and_kept_off_the_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Failed to load libcublas.so.13:\nno such file\n"  # as the real one prints it
    monkeypatch.setattr(ort, "preload_dlls", lambda: sys.stdout.write(text))
    with pytest.raises(DeviceError, match=r"CUDA and cuDNN .*\(Failed to load libcublas") as caught:
        load_runtime("onnxruntime_cuda")
    assert f'-m pip install "onnxruntime-gpu[cuda,cudnn]=={ort.__version__}"' in str(caught.value)
    assert one_line(caught)
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("gpu", "claimed")
def test_the_library_that_cuda_misses_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "capi").mkdir()
    (tmp_path / "capi/libonnxruntime_providers_cuda.so").write_text("no library")
    monkeypatch.setattr(ort, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(DeviceError, match=r"\(.*providers_cuda\.so: (file too short|invalid ELF)"):
        load_runtime("onnxruntime_cuda")


@pytest.mark.usefixtures("gpu", "claimed")
def test_the_real_library_says_itself_that_it_reaches_no_gpu() -> None:
    with pytest.raises(DeviceError, match="finds no CUDA and cuDNN that it can use") as caught:
        load_runtime("onnxruntime_cuda")
    assert one_line(caught)


def test_the_library_falls_back_silently_and_such_a_session_is_refused(model: Path) -> None:
    place = SessionPlace(PROVIDER, DEVICE)
    with pytest.warns(UserWarning, match="not in available provider names"):
        session = open_session(model, session_options(1), place)
    assert session.get_providers() == [CPU.provider]
    with pytest.raises(DeviceError, match=f"uses {CPU.provider} instead of {PROVIDER}"):
        OnnxRuntimeGraph(session, place)


@pytest.mark.usefixtures("gpu", "claimed")
def test_a_graph_that_would_run_on_the_cpu_is_refused_by_the_library(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ort_cuda, "DEVICE", CPU.device)
    runtime = load_runtime("onnxruntime_cuda")
    unknown = pytest.warns(UserWarning, match="not in available provider names")
    with unknown, pytest.raises(DeviceError) as caught:
        runtime.load(model, threads=1)
    printed = str(caught.value)
    assert "ONNX Runtime cannot load 0.onnx: " in printed
    assert "assigned to the default CPU EP" in printed
    assert "a model that runs partly on the CPU is not timed" in printed
    assert one_line(caught)


@pytest.mark.usefixtures("on_cpu")
def test_it_computes_and_times_on_what_it_is_given(model: Path) -> None:
    runtime = load_runtime("onnxruntime_cuda")
    assert (runtime.version, runtime.gpu) == (ort.__version__, "0000:01:00.0")
    graph = runtime.load(model, threads=1)
    assert graph.provider == "CPUExecutionProvider on Simulated GPU"
    image = np.random.default_rng(0).standard_normal((1, 3, 16, 16)).astype(np.float32)
    expected = load_runtime("onnxruntime").load(model, threads=1).run(image)
    np.testing.assert_array_equal(graph.run(image), expected)
    assert graph.run_raw(image.tobytes()) == expected.ravel().tolist()
    samples = graph.time(least_runs=7, least_ms=0.0)
    assert len(samples) == 7
    assert min(samples) > 0


@pytest.mark.usefixtures("on_cpu")
def test_its_energy_can_be_measured_by_inferences_that_run_while_others_are_waited_for(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = 0
    infer = OnnxRuntimeGraph.infer

    def counted(graph: OnnxRuntimeGraph) -> None:
        nonlocal runs
        runs += 1
        infer(graph)

    monkeypatch.setattr(OnnxRuntimeGraph, "infer", counted)
    graph = load_runtime("onnxruntime_cuda").load(model, threads=1)
    assert isinstance(graph, EnergyGraph)
    first, second = graph.start(3), graph.start(4)
    first()
    assert runs >= 3
    second()
    assert runs == 7


@pytest.mark.usefixtures("on_cpu")
def test_there_is_no_breakdown_by_operator(model: Path) -> None:
    with pytest.raises(DeviceError, match=r"no breakdown of 0\.onnx by operator: .*to launch on"):
        load_runtime("onnxruntime_cuda").operators(model, threads=1, runs=1)


class Simulated:
    """A loaded graph whose times are made up."""

    provider = PROVIDER

    def __init__(self, *visits: list[float]) -> None:
        self.visits, self.warm_ups = list(visits), 0

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        assert least_ms == 0.0
        if least_runs == 1:
            self.warm_ups += 1
            return [1.0]
        if not self.visits:
            raise RuntimeError("CUDA failure 700:\nan illegal memory access")
        return self.visits.pop(0)


def test_the_long_warm_up_is_made_once_and_the_last_visit_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ort_cuda, "WARM_UP_MS", 1.0)
    simulated = Simulated([1.0, 1.2], [1.0, 1.001])
    graph = OrtCudaGraph(simulated, "Simulated GPU")  # type: ignore[arg-type]
    assert graph.warnings == ()
    assert graph.time(least_runs=2, least_ms=0.0) == [1.0, 1.2]
    assert graph.warnings == ("unstable",)
    warm_ups = simulated.warm_ups
    assert warm_ups > 10
    graph.time(least_runs=2, least_ms=0.0)
    assert graph.warnings == ()
    assert simulated.warm_ups == warm_ups
    with pytest.raises(DeviceError, match="on Simulated GPU cannot run: CUDA failure 700: an ille"):
        graph.time(least_runs=2, least_ms=0.0)


@pytest.mark.usefixtures("on_cpu")
def test_the_agent_answers_as_with_any_runtime(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(model.parent)
    run_job(JOB)
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in answers] == ["loading", "ready", "visit", "round", "done"]
    facts = read_facts(answers[1])
    assert (facts.runtime, facts.runtime_version) == ("onnxruntime_cuda", ort.__version__)
    assert facts.provider == "CPUExecutionProvider on Simulated GPU"
    assert len(read_visit(answers[2], ["a"]).samples) == 3


def test_the_version_of_cudnn_is_that_of_the_library_that_is_loaded(tmp_path: Path) -> None:
    library = tmp_path / "libcudnn.so.9"
    source = tmp_path / "cudnn.c"
    source.write_text("#include <stddef.h>\nsize_t cudnnGetVersion(void) { return 91301; }\n")
    compile_library(source, library)
    maps = tmp_path / "maps"
    maps.write_text(f"7f0000-7f1000 r-xp 00000000 08:01 42  {library}\n")
    assert ort_cuda._cudnn(maps) == ", cuDNN 9.13.1"
    maps.write_text("7f0000-7f1000 r-xp 00000000 08:01 42  /lib/libc.so.6\n")
    assert ort_cuda._cudnn(maps) == ""
