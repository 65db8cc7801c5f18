"""CUDA through cuda-bindings: the first GPU, memory on it, and a stream with events and graphs."""

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import DeviceError
from hwnas.devices.installing import pip_install
from hwnas.devices.runtimes.messages import memory_advice

# Where a call that needs a driver finds none, or an older one than this CUDA.
_NO_DRIVER = ("cudaErrorInsufficientDriver", "cudaErrorStubLibrary", "cudaErrorInitializationError")


class CudaError(DeviceError):
    """A call of CUDA failed."""


class Cuda:
    """The first GPU that CUDA shows; `CUDA_VISIBLE_DEVICES` says which one that is.

    Attributes:
        name: of the GPU.
        capability: major and minor compute capability.
        driver: the newest CUDA that the driver knows, as "13.0".
        memory_bytes: in all.
        bus: PCI bus id, by which other libraries find the same GPU.
    """

    def __init__(self) -> None:
        """Calls the driver before anything else: without a driver some libraries crash.

        Raises:
            DeviceError: no cuda-bindings, no driver or no GPU.
        """
        api = self._api = _bindings()
        code, count = api.cudaGetDeviceCount()
        if code.name in _NO_DRIVER:
            raise DeviceError(_driver_missing(api, code))
        if code.name == "cudaErrorNoDevice" or (code == api.cudaError_t.cudaSuccess and not count):
            raise DeviceError(
                "CUDA finds no GPU on this machine; check with nvidia-smi, and that "
                "CUDA_VISIBLE_DEVICES does not hide it, or name a device with another runtime"
            )
        self._call("cudaGetDeviceCount")
        # Waiting threads look again and again instead of sleeping, as trtexec's do.
        self._call("cudaSetDeviceFlags", api.cudaDeviceScheduleSpin)
        self._call("cudaSetDevice", 0)
        properties = self._call("cudaGetDeviceProperties", 0)
        self.name = _text(properties.name)
        self.capability = (int(properties.major), int(properties.minor))
        self.memory_bytes = int(properties.totalGlobalMem)
        self.driver = _version(self._call("cudaDriverGetVersion"))
        self.bus = _text(self._call("cudaDeviceGetPCIBusId", 32, 0))

    def stream(self) -> "Stream":
        """A stream of its own, that does not wait for others."""
        return Stream(self._api, self._call)

    def memory(self, size: int) -> "Memory":
        """Bytes on the GPU, freed when nothing refers to them any more.

        Raises:
            CudaError: the GPU has no room.
        """
        return Memory(int(self._call("cudaMalloc", max(size, 1))), size, self._call, self._api)

    def _call(self, name: str, *arguments: Any) -> Any:
        """The values that a function of the runtime API returns beside its error code.

        Raises:
            CudaError: the call failed.
        """
        code, *values = getattr(self._api, name)(*arguments)
        if code != self._api.cudaError_t.cudaSuccess:
            self._api.cudaGetLastError()  # forgotten, so that the next call does not report it
            reason = _reason(self._api, code)
            raise CudaError(f"{name} failed on this GPU: {reason}{memory_advice(reason)}")
        return values[0] if values else None


Call = Callable[..., Any]


class Memory:
    """Bytes on the GPU.

    Attributes:
        address: on the GPU.
        size: in bytes.
    """

    def __init__(self, address: int, size: int, call: Call, api: Any) -> None:
        """Takes the address of memory that was allocated, and frees it in the end."""
        self.address, self.size = address, size
        self._call, self._kinds = call, api.cudaMemcpyKind
        # Not when Python ends: the driver frees everything then, and may be gone already.
        weakref.finalize(self, call, "cudaFree", address).atexit = False

    def write(self, array: NDArray[Any]) -> None:
        """Copies an array to the beginning, and waits until it is there."""
        whole = np.ascontiguousarray(array)
        kind = self._kinds.cudaMemcpyHostToDevice
        self._call("cudaMemcpy", self.address, whole.ctypes.data, whole.nbytes, kind)
        # It returns when the data has left the array, and our streams do not wait for its own.
        self._call("cudaDeviceSynchronize")

    def read(self, array: NDArray[Any]) -> None:
        """Fills a contiguous array from the beginning."""
        kind = self._kinds.cudaMemcpyDeviceToHost
        self._call("cudaMemcpy", array.ctypes.data, self.address, array.nbytes, kind)


class Stream:
    """Work that the GPU does in order, with marks to time it, see `gpu_timing.Stream`.

    Attributes:
        handle: as other libraries take it.
    """

    def __init__(self, api: Any, call: Call) -> None:
        """Creates a stream."""
        self._api, self._call = api, call
        self._stream = call("cudaStreamCreateWithFlags", api.cudaStreamNonBlocking)
        self.handle = int(self._stream)

    def event(self) -> Any:
        """A mark that takes the time at which the GPU passes it."""
        return self._call("cudaEventCreateWithFlags", self._api.cudaEventDefault)

    def record(self, event: Any) -> None:
        """Puts a mark after all work so far."""
        self._call("cudaEventRecord", event, self._stream)

    def wait(self, event: Any) -> None:
        """Returns when the GPU has passed a mark."""
        self._call("cudaEventSynchronize", event)

    def elapsed_ms(self, start: Any, end: Any) -> float:
        """Milliseconds between two marks, in steps of about 0.5 µs."""
        return float(self._call("cudaEventElapsedTime", start, end))

    def synchronize(self) -> None:
        """Returns when all work is done."""
        self._call("cudaStreamSynchronize", self._stream)

    def capture(self, enqueue: Callable[[], None]) -> Callable[[], None]:
        """A function that does the same work again by one launch of a CUDA graph.

        Raises:
            DeviceError: the work cannot be captured; the stream stays as it was.
        """
        mode = self._api.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self._call("cudaStreamBeginCapture", self._stream, mode)
        try:
            enqueue()
        except DeviceError:
            self._abandon()
            raise
        graph = self._call("cudaStreamEndCapture", self._stream)
        try:
            runnable = self._call("cudaGraphInstantiate", graph, 0)
        finally:
            self._call("cudaGraphDestroy", graph)
        launch, stream, call = self._api.cudaGraphLaunch, self._stream, self._call
        done = self._api.cudaError_t.cudaSuccess

        def run() -> None:
            if launch(runnable, stream)[0] != done:
                call("cudaGraphLaunch", runnable, stream)  # raises the error

        weakref.finalize(run, call, "cudaGraphExecDestroy", runnable).atexit = False
        return run

    def _abandon(self) -> None:
        """Ends a capture that failed; whether a graph comes of it depends on where it failed."""
        code, graph = self._api.cudaStreamEndCapture(self._stream)
        if code == self._api.cudaError_t.cudaSuccess:
            self._call("cudaGraphDestroy", graph)
        self._api.cudaGetLastError()


def _bindings() -> Any:
    try:
        from cuda.bindings import runtime
    except ImportError as error:
        raise DeviceError(
            "the package cuda-bindings, by which hwnas reaches the GPU, is not installed: "
            f"{pip_install('cuda-bindings')}"
        ) from error
    return runtime


def _driver_missing(api: Any, code: Any) -> str:
    wanted = _version(api.cudaRuntimeGetVersion()[1])
    _, newest = api.cudaDriverGetVersion()
    if not newest:
        return (
            "this machine has no NVIDIA driver that CUDA can use; install one, or name a device "
            "with another runtime"
        )
    return (
        f"the NVIDIA driver of this machine supports CUDA up to {_version(newest)}, and "
        f"cuda-bindings is for {wanted} ({_reason(api, code)}); install a newer driver, or 'pip "
        f"install cuda-bindings=={newest // 1000}.*'"
    )


def _reason(api: Any, code: Any) -> str:
    text = api.cudaGetErrorString(code)[1]
    return f"{_text(text) if text else 'unknown'} ({getattr(code, 'name', code)})"


def _version(number: int) -> str:
    """13000 as "13.0"."""
    return f"{number // 1000}.{number % 1000 // 10}"


def _text(value: Any) -> str:
    """A string of C, which may be padded with zeros."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text.partition("\0")[0]
