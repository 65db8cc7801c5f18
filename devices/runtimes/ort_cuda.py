"""ONNX Runtime on the first GPU, by its CUDA provider."""

import contextlib
import ctypes
import io
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import DeviceError
from hwnas.devices.installing import pip_install
from hwnas.devices.runtimes.cuda import Cuda
from hwnas.devices.runtimes.gpu_timing import UNSTABLE, WARM_UP_MS, is_unstable
from hwnas.devices.runtimes.messages import memory_advice, one_line
from hwnas.devices.runtimes.runtime import Operator

if TYPE_CHECKING:
    from hwnas.devices.runtimes.onnxruntime import OnnxRuntimeGraph

PROVIDER, DEVICE = "CUDAExecutionProvider", "cuda"
# With it a session is not made when one of its nodes would run on the CPU.
_NO_FALLBACK = "session.disable_cpu_ep_fallback"
# Otherwise each session takes the next power of two of the GPU's memory for itself.
_OPTIONS = {"arena_extend_strategy": "kSameAsRequested"}
_PARTLY = (
    "a model that runs partly on the CPU is not timed as one on a GPU: use operators that the CUDA "
    "provider of ONNX Runtime has, or a device with another runtime"
)
_PACKAGES = "'onnxruntime-gpu[cuda,cudnn]' cuda-bindings nvidia-ml-py psutil"


class OnnxRuntimeCuda:
    """Loads ONNX files into sessions that run on the GPU with every node.

    Attributes:
        cuda: the GPU.
    """

    def __init__(self) -> None:
        """Looks for a GPU, then for an ONNX Runtime that reaches it.

        Raises:
            DeviceError: there is no GPU, no onnxruntime-gpu, or no CUDA or cuDNN that it takes.
        """
        self.cuda = Cuda()  # whose flags make the waiting for an inference spin
        self._ort = _library()
        _load_cuda(self._ort)

    @property
    def version(self) -> str:
        """The versions of the installed wheel and of cuDNN, which comes by another."""
        return f"{self._ort.__version__}{_cudnn()}"

    @property
    def gpu(self) -> str:
        """The PCI bus id of the GPU."""
        return self.cuda.bus

    def load(self, model: Path, *, threads: int) -> "OrtCudaGraph":
        """Loads an ONNX file.

        Raises:
            DeviceError: the file cannot be loaded, or not with every node on the GPU.
        """
        # Here, because it imports ONNX Runtime, and __init__ reports what is missing in words.
        from hwnas.devices.runtimes.onnxruntime import (
            OnnxRuntimeGraph,
            SessionPlace,
            open_session,
            session_options,
        )

        place, options = SessionPlace(PROVIDER, DEVICE, _OPTIONS), session_options(threads)
        options.add_session_config_entry(_NO_FALLBACK, "1")
        try:
            # Otherwise Python's part of ONNX Runtime tries the CPU, and says so on stdout.
            session = open_session(model, options, place, enable_fallback=0)
            graph = OnnxRuntimeGraph(session, place)
        except DeviceError as error:
            partly = f"; {_PARTLY}" if "fallback to CPU EP" in str(error) else ""
            raise DeviceError(
                one_line([str(error)]) + partly + memory_advice(str(error))
            ) from error
        except Exception as error:  # a tensor found no room: such errors share no base
            raise DeviceError(
                f"ONNX Runtime cannot load {model.name} on {self.cuda.name}: "
                f"{one_line([str(error)])}{memory_advice(str(error))}"
            ) from error
        return OrtCudaGraph(graph, self.cuda.name)

    def operators(self, model: Path, *, threads: int, runs: int) -> list[Operator]:
        """Always refuses: ONNX Runtime's profile holds the times of launching operators.

        Its events end when the processor has handed the work over (microsoft/onnxruntime #20398),
        and the wheel 1.31.1 is built without CUPTI, which would time the kernels on the GPU.

        Raises:
            DeviceError: always.
        """
        del threads, runs
        raise DeviceError(
            f"there is no breakdown of {model.name} by operator: ONNX Runtime's profile holds how "
            "long operators take to launch on a GPU, not to run; use 'runtime: tensorrt' for one"
        )


class OrtCudaGraph:
    """A session on the GPU, timed as a program sees it whose tensors stay there.

    A sample is the wall-clock time of one inference: ONNX Runtime launches the kernels node by
    node and returns when the GPU is done with them (unless a program asks it not to wait). So a
    sample includes the launches, which limit a small network, as in most programs that use ONNX
    Runtime; few use its CUDA graphs. TensorRT's samples include no launches; a table holds samples
    of one runtime only.

    Attributes:
        warnings: `unstable` or nothing, see `gpu_timing.GpuTimer`.
    """

    def __init__(self, graph: "OnnxRuntimeGraph", name: str) -> None:
        """Takes a loaded graph, and the GPU's name."""
        self._graph, self._name = graph, name
        self._warm = False
        self._worker: ThreadPoolExecutor | None = None
        self.warnings: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        """The execution provider of the session, and the GPU."""
        return f"{self._graph.provider} on {self._name}"

    def run(self, image: NDArray[Any]) -> NDArray[Any]:
        """The first output for one input batch, of a graph with one input."""
        return self._graph.run(image)

    def run_raw(self, raw: bytes) -> list[float]:
        """The first output, flat, for the raw values of the input."""
        return self._graph.run_raw(raw)

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        """Milliseconds of consecutive inferences, see `LoadedGraph.time`.

        Raises:
            DeviceError: an inference failed.
        """
        with self._in_words():
            self._warm_up()
            samples = self._graph.time(least_runs=least_runs, least_ms=least_ms)
        self.warnings = (UNSTABLE,) if is_unstable(samples) else ()
        return samples

    def start(self, runs: int) -> Callable[[], None]:
        """Starts inferences in a thread of their own; returns what waits for them.

        ONNX Runtime returns when the GPU is done, and lets other threads of Python run until then.
        """
        if self._worker is None:
            self._worker = ThreadPoolExecutor(max_workers=1)
        return self._worker.submit(self._infer, runs).result

    def _infer(self, runs: int) -> None:
        with self._in_words():
            self._warm_up()
            for _ in range(runs):
                self._graph.infer()

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # ONNX Runtime's errors share no base but Exception
            reason = f"{one_line([str(error)])}{memory_advice(str(error))}"
            raise DeviceError(f"{self.provider} cannot run: {reason}") from error

    def _warm_up(self) -> None:
        """Runs for long at the first visit, when cuDNN also tries and chooses its convolutions."""
        start = time.perf_counter_ns()
        while not self._warm and time.perf_counter_ns() - start < WARM_UP_MS * 1e6:
            self._graph.time(least_runs=1, least_ms=0.0)
        self._warm = True


def _library() -> Any:
    """ONNX Runtime's module, of the package that has a CUDA provider.

    Raises:
        DeviceError: onnxruntime-gpu is not installed.
    """
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise DeviceError(
            f"onnxruntime-gpu is not installed for {sys.executable} ({one_line([str(error)])}): "
            f"{_how_to_install()}"
        ) from error
    if PROVIDER not in ort.get_available_providers():
        raise DeviceError(
            f"onnxruntime-gpu is not installed for {sys.executable}, whose onnxruntime has no "
            "CUDA; the two share one module and cannot be installed side by side: "
            f"{_how_to_install()}"
        )
    return ort


def _load_cuda(ort: Any) -> None:
    """Loads the libraries of CUDA and cuDNN.

    Raises:
        DeviceError: one is missing.
    """
    printed = io.StringIO()
    if hasattr(ort, "preload_dlls"):  # since 1.21; finds those that pip installed
        with contextlib.redirect_stdout(printed):  # where the agent's answers go
            ort.preload_dlls()
    try:
        ort.OrtValue.ortvalue_from_shape_and_type([1], np.float32, DEVICE)
    except Exception as error:  # ONNX Runtime's errors share no base but Exception
        why = _missing_library(ort) or printed.getvalue() or str(error)
        raise DeviceError(
            f"the onnxruntime-gpu {ort.__version__} of {sys.executable} finds no CUDA and cuDNN "
            f"that it can use ({one_line([why])}): "
            + pip_install(f'"onnxruntime-gpu[cuda,cudnn]=={ort.__version__}"')
        ) from error


def _cudnn(maps: Path = Path("/proc/self/maps")) -> str:
    """The version of the loaded cuDNN, as in ", cuDNN 9.13.1"; "" where it is not known."""
    try:
        loaded = next(one for one in maps.read_text().split() if "/libcudnn.so" in one)
        get = ctypes.CDLL(loaded).cudnnGetVersion
        get.restype = ctypes.c_size_t
        number = int(get())
    except (OSError, StopIteration, AttributeError):
        return ""
    return f", cuDNN {number // 10000}.{number % 10000 // 100}.{number % 100}"


def _missing_library(ort: Any) -> str:
    """Why the CUDA provider could not be loaded, which ONNX Runtime writes to its log alone."""
    provider = Path(ort.__file__).parent / "capi" / "libonnxruntime_providers_cuda.so"
    try:
        if provider.is_file():
            ctypes.CDLL(str(provider))
    except OSError as error:
        return str(error)
    return ""


def _how_to_install() -> str:
    folder = "~/hwnas-gpu"
    return (
        f"make a Python environment for it, python3 -m venv {folder} && {folder}/bin/pip install "
        f"{_PACKAGES}, and name it in the device's file by 'python: {folder}/bin/python'"
    )
