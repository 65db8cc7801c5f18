"""A GPU that is simulated: cuda-bindings' runtime module, with a clock that only work moves.

The processor pays `call_ns` a call and `launch_ns` a launch; the GPU works off what was enqueued,
in order. Nothing here waits for real time.
"""
# ruff: noqa: N802, N815 (the names are CUDA's)

import ctypes
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from types import ModuleType, SimpleNamespace
from typing import Any

Work = Callable[[], float]
"""One piece of work: called when the GPU gets to it, says how many ms it took."""


class Code(IntEnum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35
    cudaErrorNoDevice = 100
    cudaErrorStreamCaptureInvalidated = 901


class Kind(Enum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


@dataclass
class Event:
    ns: float = -1.0


@dataclass
class Gpu:
    """What the simulated machine is like, and what was done with it."""

    name: str = "Simulated GPU"
    count: int = 1
    driver: int = 13000
    failure: Code = Code.cudaSuccess
    capability: tuple[int, int] = (9, 0)
    room: int = 1 << 30
    capturable: bool = True
    call_ns: float = 500.0
    launch_ns: float = 2000.0
    enqueue_ns: float = 20000.0
    now: float = 0.0
    free_at: float = 0.0
    begins: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=lambda: [0.0])
    capturing: list[Work] | None = None
    launches: int = 0
    enqueued: int = 0
    memory: dict[int, Any] = field(default_factory=dict)
    coming: list[tuple[int, bytes]] = field(default_factory=list)

    def clock(self) -> int:
        """Nanoseconds, as `time.perf_counter_ns`."""
        return int(self.now)

    def enqueue(self, work: Work) -> None:
        """What a library does for an inference: many kernels launched one by one."""
        self.enqueued += 1
        self.now += self.enqueue_ns
        if self.capturing is not None:
            self.capturing.append(work)
        else:
            self.do(work)

    def do(self, work: Work) -> None:
        took = work() * 1e6
        begin = max(self.now, self.free_at)
        if begin > self.free_at or not self.begins:
            self.begins.append(begin)
            self.worked.append(self.worked[-1])
        self.worked[-1] += took
        self.free_at = begin + took

    def worked_ns(self, at: float) -> float:
        """How long it has computed until a moment that is past.

        `worked` has that of each time it began anew, and of the end.
        """
        number = bisect_right(self.begins, at) - 1
        if number < 0:
            return 0.0
        return min(self.worked[number] + at - self.begins[number], self.worked[number + 1])

    def bytes_at(self, address: int, size: int) -> Any:
        """What lies on the simulated GPU."""
        assert ctypes.sizeof(self.memory[address]) >= size
        return self.memory[address]


def runtime_module(gpu: Gpu) -> ModuleType:
    """What stands for `cuda.bindings.runtime`."""
    return _Module(gpu)


class _Module(ModuleType):
    cudaError_t = Code
    cudaMemcpyKind = Kind
    cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)
    cudaDeviceScheduleSpin = 1
    cudaStreamNonBlocking = 1
    cudaEventDefault = 0

    def __init__(self, gpu: Gpu) -> None:
        super().__init__("cuda.bindings.runtime")
        self._gpu = gpu

    def _ok(self, *values: Any) -> tuple[Any, ...]:
        self._gpu.now += self._gpu.call_ns
        return (Code.cudaSuccess, *values)

    def cudaGetDeviceCount(self):
        gpu = self._gpu
        return (gpu.failure, 0) if gpu.failure else self._ok(gpu.count)

    def cudaDriverGetVersion(self):
        return self._ok(self._gpu.driver)

    def cudaRuntimeGetVersion(self):
        return self._ok(13050)

    def cudaGetErrorString(self, error):
        return self._ok(f"as {error.name} says".encode())

    def cudaGetLastError(self):
        return (Code.cudaSuccess,)

    def cudaSetDevice(self, device):
        del device
        return self._ok()

    def cudaSetDeviceFlags(self, flags):
        del flags
        return self._ok()

    def cudaGetDeviceProperties(self, device):
        del device
        major, minor = self._gpu.capability
        return self._ok(
            SimpleNamespace(
                name=f"{self._gpu.name}\0\0".encode(),
                major=major,
                minor=minor,
                totalGlobalMem=self._gpu.room,
            )
        )

    def cudaDeviceGetPCIBusId(self, length, device):
        del device
        return self._ok(b"0000:01:00.0".ljust(length, b"\0"))

    def cudaMalloc(self, size):
        if size > self._gpu.room:
            return (Code.cudaErrorMemoryAllocation, 0)
        buffer = ctypes.create_string_buffer(size)
        self._gpu.memory[ctypes.addressof(buffer)] = buffer
        return self._ok(ctypes.addressof(buffer))

    def cudaFree(self, pointer):
        del self._gpu.memory[pointer]
        return self._ok()

    def cudaMemcpy(self, destination, source, count, kind):
        on_gpu = destination if kind is Kind.cudaMemcpyHostToDevice else source
        self._gpu.bytes_at(on_gpu, count)
        data = ctypes.string_at(source, count)
        if kind is Kind.cudaMemcpyHostToDevice:  # from pageable memory: it arrives later
            self._gpu.coming.append((destination, data))
        else:
            ctypes.memmove(destination, data, count)
        return self._ok()

    def cudaDeviceSynchronize(self):
        for destination, data in self._gpu.coming:
            ctypes.memmove(destination, data, len(data))
        self._gpu.coming.clear()
        return self._ok()

    def cudaStreamCreateWithFlags(self, flags):
        del flags
        return self._ok(77)

    def cudaStreamSynchronize(self, stream):
        assert stream == 77
        self._gpu.now = max(self._gpu.now, self._gpu.free_at)
        return self._ok()

    def cudaEventCreateWithFlags(self, flags):
        del flags
        return self._ok(Event())

    def cudaEventRecord(self, event, stream):
        assert stream == 77
        event.ns = max(self._gpu.now, self._gpu.free_at)
        return self._ok()

    def cudaEventSynchronize(self, event):
        assert event.ns >= 0
        self._gpu.now = max(self._gpu.now, event.ns)
        return self._ok()

    def cudaEventElapsedTime(self, start, end):
        return self._ok((end.ns - start.ns) / 1e6)

    def cudaStreamBeginCapture(self, stream, mode):
        del stream, mode
        self._gpu.capturing = []
        return self._ok()

    def cudaStreamEndCapture(self, stream):
        del stream
        work, self._gpu.capturing = self._gpu.capturing, None
        if not self._gpu.capturable:
            return (Code.cudaErrorStreamCaptureInvalidated, None)
        return self._ok(work)

    def cudaGraphInstantiate(self, graph, flags):
        del flags
        return self._ok(graph)

    def cudaGraphDestroy(self, graph):
        assert graph is not None
        return self._ok()

    def cudaGraphExecDestroy(self, graph_exec):
        assert graph_exec is not None
        return self._ok()

    def cudaGraphLaunch(self, graph_exec, stream):
        assert stream == 77
        self._gpu.now += self._gpu.launch_ns
        self._gpu.launches += 1
        for work in graph_exec:
            self._gpu.do(work)
        return self._ok()
