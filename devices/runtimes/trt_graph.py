"""A TensorRT engine on the GPU, its inputs filled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import DeviceError
from hwnas.devices.runtimes.cuda import Cuda, Memory, Stream
from hwnas.devices.runtimes.feed import filled
from hwnas.devices.runtimes.gpu_timing import GpuTimer
from hwnas.devices.runtimes.trt_scratch import Scratch

_TYPES = {
    "FLOAT": np.float32,
    "HALF": np.float16,
    "INT8": np.int8,
    "UINT8": np.uint8,
    "INT32": np.int32,
    "INT64": np.int64,
    "BOOL": np.bool_,
}


@dataclass(frozen=True)
class _Tensor:
    """An input or output, and where it lies on the GPU."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    memory: Memory


class TrtGraph:
    """One execution context of an engine.

    Inputs and outputs stay on the GPU between inferences, as the tensors between the blocks of a
    network do.
    """

    def __init__(
        self, trt: Any, context: Any, cuda: Cuda, stream: Stream, provider: str, scratch: Scratch
    ) -> None:
        """Takes a context that `scratch` made, of an engine whose inputs have fixed shapes.

        Raises:
            DeviceError: an input has no fixed shape, or the GPU has no room for it.
        """
        self._context, self._stream, self._provider = context, stream, provider
        engine = context.engine
        self._inputs, self._outputs = list[_Tensor](), list[_Tensor]()
        generator = np.random.default_rng(0)
        for index in range(engine.num_io_tensors):
            tensor = _allocated(engine, engine.get_tensor_name(index), cuda)
            if not context.set_tensor_address(tensor.name, tensor.memory.address):
                raise DeviceError(f"{provider} does not take memory for {tensor.name}")
            if engine.get_tensor_mode(tensor.name) == trt.TensorIOMode.INPUT:
                tensor.memory.write(filled(tensor.shape, tensor.dtype, generator))
                self._inputs.append(tensor)
            else:
                self._outputs.append(tensor)
        self._timer: GpuTimer | None = None
        self._scratch, self._ready = scratch, False
        self._memory: Memory | None = None  # kept while the context may run

    @property
    def provider(self) -> str:
        """The flavour of TensorRT and the GPU."""
        return self._provider

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was wrong with the last visit, see `GpuTimer.warnings`."""
        return self._timer.warnings if self._timer is not None else ()

    def run(self, image: NDArray[Any]) -> NDArray[Any]:
        """The first output for one input batch, of a graph with one input."""
        taken, given = self._inputs[0], self._outputs[0]
        if image.shape != taken.shape:
            raise DeviceError(f"the input {taken.name} is {list(taken.shape)}, not {image.shape}")
        taken.memory.write(image.astype(taken.dtype, copy=False))
        self.infer()
        result: NDArray[Any] = np.empty(given.shape, given.dtype)
        given.memory.read(result)
        return result

    def run_raw(self, raw: bytes) -> list[float]:
        """The first output, flat, for the raw values of the input.

        Raises:
            DeviceError: the input has another number of values.
        """
        taken = self._inputs[0]
        if len(raw) != taken.dtype.itemsize * int(np.prod(taken.shape)):
            shape = list(taken.shape)
            raise DeviceError(f"the input {taken.name} is {shape}, not of {len(raw)} bytes")
        image = np.frombuffer(raw, taken.dtype).reshape(taken.shape)
        return [float(value) for value in self.run(image).ravel()]

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        """GPU milliseconds of consecutive inferences, see `GpuTimer.time`."""
        return self._timed().time(least_runs=least_runs, least_ms=least_ms)

    def start(self, runs: int) -> Callable[[], None]:
        """Starts inferences and returns what waits for them, see `GpuTimer.start`."""
        return self._timed().start(runs)

    def infer(self) -> None:
        """Runs one inference to its end, on the values that the inputs hold."""
        self._enqueue()
        self._stream.synchronize()

    def _timed(self) -> GpuTimer:
        if self._timer is None:
            self._timer = GpuTimer(self._stream, self._enqueue)
        return self._timer

    def _enqueue(self) -> None:
        if not self._ready:
            self._memory, self._ready = self._scratch.give(self._context), True
        if not self._context.execute_async_v3(self._stream.handle):
            raise DeviceError(f"{self._provider} cannot run {self._context.engine.name}")


def _allocated(engine: Any, name: str, cuda: Cuda) -> _Tensor:
    shape: Sequence[int] = tuple(engine.get_tensor_shape(name))
    kind = engine.get_tensor_dtype(name).name
    if any(size < 0 for size in shape):
        raise DeviceError(
            f"the shape of {name} is {list(shape)}, which is not fixed; export the model with a "
            "fixed batch"
        )
    if kind not in _TYPES:
        raise DeviceError(f"{name} is a tensor of {kind}, which cannot be filled")
    dtype = np.dtype(_TYPES[kind])
    size = dtype.itemsize * int(np.prod(shape))
    return _Tensor(name, tuple(shape), dtype, cuda.memory(size))
