"""Memory for the tensors between the layers of engines, shared by all engines of a process."""

from typing import Any

from hwnas.devices.runtimes.cuda import Cuda, Memory


class Scratch:
    """Memory as large as the engine that needs most.

    A job loads some two hundred engines, which run one after another on one stream: if each had its
    own memory, whole networks of 32 images would not fit on a small GPU.
    """

    def __init__(self, trt: Any, cuda: Cuda) -> None:
        """Takes TensorRT's module, and the GPU; nothing is allocated yet."""
        self._cuda = cuda
        self._user_managed = trt.ExecutionContextAllocationStrategy.USER_MANAGED
        self._size = 0
        self._memory: Memory | None = None

    def context(self, engine: Any, config: Any = None) -> Any:
        """The execution context of an engine, without memory; None where TensorRT makes none.

        Args:
            engine: as deserialised.
            config: of TensorRT-RTX, the runtime config to make it with.
        """
        if not _tells_size(engine):  # before TensorRT 10.1
            return engine.create_execution_context()
        self._size = max(self._size, int(engine.device_memory_size_v2))
        if config is None:
            return engine.create_execution_context(self._user_managed)
        config.set_execution_context_allocation_strategy(self._user_managed)
        return engine.create_execution_context(config)

    def give(self, context: Any) -> Memory | None:
        """Gives a context its memory before it first runs; by then all engines are known.

        Returns:
            What has to be kept as long as the context runs.

        Raises:
            CudaError: there is no room.
        """
        if not _tells_size(context.engine) or not self._size:
            return None
        if self._memory is None or self._memory.size < self._size:
            self._memory = self._cuda.memory(self._size)
        context.set_device_memory(self._memory.address, self._memory.size)
        return self._memory


def _tells_size(engine: Any) -> bool:
    return hasattr(engine, "device_memory_size_v2")
