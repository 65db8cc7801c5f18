"""What a TensorRT of signatures alone answers, so that an engine can be built, loaded and run."""

import ctypes
from types import ModuleType
from typing import Any

import numpy as np

from tests.devices.runtimes.fake_cuda import Gpu
from tests.devices.runtimes.flavours import signatures
from tests.devices.runtimes.strict_module import Strict, strict_module

SHAPES = {"input": (2, 3, 4, 4), "output": (2, 5)}
LAYERS = {"conv + relu": 0.3, "gemm": 0.1}
INSPECTED = (
    '{"Layers": [{"Name": "conv + relu", "LayerType": "CaskConvolution"}, {"Name": "gemm"}]}'
)


class SimulatedTrt:
    """An engine that takes 0.4 ms and gives the sum of each image, in all its outputs.

    Attributes:
        module: what stands for the flavour's Python module.
        caches: what was given as a timing cache or a cache of kernels.
        parses: whether the parser likes the model.
        refuses: "Class.name" of methods that fail.
        scratch: bytes that an engine needs between its layers.
        given: address and size of what contexts were given for it.
    """

    def __init__(self, flavour: str, version: str, gpu: Gpu) -> None:
        self.gpu = gpu
        self.caches: list[bytes] = []
        self.refuses: set[str] = set()
        self.shapes = dict(SHAPES)
        self.scratch, self.given = 0, list[tuple[int, int]]()
        self.types = {"input": "FLOAT", "output": "FLOAT"}
        self.context: Any = None
        self.addresses: dict[str, int] = {}
        answers = {
            "Builder.build_serialized_network": lambda *_: self._or_none("build", b"engine"),
            "OnnxParser.parse": lambda *_: "parse" not in self.refuses,
            "OnnxParser.num_errors": lambda _: 1,
            "ParserError.desc": lambda _: "this is\nnot a model",
            "ParserError.node_name": lambda _: "block0.conv",
            "ParserError.node_operator": lambda _: "Conv",
            "IBuilderConfig.create_timing_cache": self._cache,
            "IBuilderConfig.set_timing_cache": lambda *_: "set_timing_cache" not in self.refuses,
            "ITimingCache.serialize": lambda _: b"timings",
            "Runtime.deserialize_cuda_engine": lambda _, engine: self._engine(engine),
            "ICudaEngine.create_execution_context": lambda engine, *_: self._context(engine),
            "ICudaEngine.device_memory_size_v2": lambda _: self.scratch,
            "IExecutionContext.set_device_memory": lambda _, *given: self.given.append(given),
            "ICudaEngine.num_io_tensors": lambda _: 2,
            "ICudaEngine.get_tensor_name": lambda _, index: list(SHAPES)[index],
            "ICudaEngine.get_tensor_shape": lambda _, name: self.shapes[name],
            "ICudaEngine.get_tensor_dtype": lambda _, name: self.module.DataType[self.types[name]],
            "ICudaEngine.get_tensor_mode": lambda _, name: self.module.TensorIOMode[name.upper()],
            "IExecutionContext.engine": lambda _: self.engine,
            "IExecutionContext.set_tensor_address": self._address,
            "IExecutionContext.profiler": lambda _: None,
            "IExecutionContext.execute_async_v3": self._execute,
            "EngineInspector.get_engine_information": lambda *_: INSPECTED,
        }
        if flavour == "tensorrt_rtx":
            answers["IRuntimeCache.serialize"] = lambda _: b"kernels"
            answers["IRuntimeCache.deserialize"] = lambda _, given: self.caches.append(given)
        self.module: ModuleType = strict_module(flavour, signatures(flavour, version), answers)

    def _or_none(self, what: str, value: Any) -> Any:
        return None if what in self.refuses else value

    def _cache(self, config: Strict, given: bytes) -> Any:
        del config
        self.caches.append(given)
        return self.module.ITimingCache.__new__(self.module.ITimingCache)

    def _engine(self, serialized: bytes) -> Any:
        assert serialized == b"engine"
        self.engine = self.module.ICudaEngine.__new__(self.module.ICudaEngine)
        return self._or_none("deserialize", self.engine)

    def _context(self, engine: Strict) -> Any:
        assert engine is self.engine
        self.context = self.module.IExecutionContext.__new__(self.module.IExecutionContext)
        return self._or_none("context", self.context)

    def _address(self, context: Strict, name: str, address: int) -> bool:
        del context
        self.addresses[name] = address
        return True

    def _execute(self, context: Any, stream: int) -> bool:
        assert stream == 77
        if "execute" in self.refuses:
            return False
        if context.profiler is not None:
            for name, ms in LAYERS.items():
                context.profiler.report_layer_time(name, ms)
        self.gpu.enqueue(self._infer)
        return True

    def _infer(self) -> float:
        image, given = (self._array(name) for name in SHAPES)
        given[:] = image.sum(axis=(1, 2, 3), keepdims=False)[:, None]
        return 0.4

    def _array(self, name: str) -> Any:
        size = 4 * int(np.prod(SHAPES[name]))
        buffer = self.gpu.bytes_at(self.addresses[name], size)
        assert ctypes.sizeof(buffer) == size
        return np.frombuffer(buffer, np.float32).reshape(SHAPES[name])
