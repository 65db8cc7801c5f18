"""A TensorRT of signatures alone whose engines really compute: ONNX Runtime does it for them."""

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from tests.devices.runtimes.fake_cuda import Gpu
from tests.devices.runtimes.strict_module import strict_module

_TYPES = {"tensor(float)": ("FLOAT", np.float32), "tensor(float16)": ("HALF", np.float16)}
_HEAD = b"engine of "


@dataclass
class _Engine:
    """What stands behind one simulated engine."""

    session: Any
    ms: float
    addresses: dict[str, int] = field(default_factory=dict)

    @property
    def tensors(self) -> list[Any]:
        return [*self.session.get_inputs(), *self.session.get_outputs()]

    def tensor(self, name: str) -> Any:
        return next(one for one in self.tensors if one.name == name)


class ComputingTrt:
    """An engine takes 10 µs and 5 µs a node of its graph, or some times as long.

    Attributes:
        module: what stands for the flavour's Python module.
        built: the ONNX files that engines were built of.
        wrong: whether engines compute something else than their graph.
    """

    def __init__(
        self, flavour: str, described: Mapping[str, Any], gpu: Gpu, slower: float = 1.0
    ) -> None:
        """Takes what `flavours.signatures` says of the flavour's module."""
        self.gpu, self.wrong, self._slower = gpu, False, slower
        self.built: list[bytes] = []
        self._version = described["version"].encode()
        self._model = b""
        self._engines: dict[int, _Engine] = {}
        self._kept: list[Any] = []  # an object that is gone would lend its id to another
        answers = {
            "OnnxParser.parse": lambda _, model: self._parse(model),
            "Builder.build_serialized_network": lambda *_: self._build(),
            "Runtime.deserialize_cuda_engine": lambda _, content: self._load(content),
            "ICudaEngine.create_execution_context": lambda engine, *_: self._context(engine),
            "ICudaEngine.num_io_tensors": lambda engine: len(self._of(engine).tensors),
            "ICudaEngine.get_tensor_name": lambda e, index: self._of(e).tensors[index].name,
            "ICudaEngine.get_tensor_shape": lambda e, name: tuple(self._of(e).tensor(name).shape),
            "ICudaEngine.get_tensor_dtype": self._dtype,
            "ICudaEngine.get_tensor_mode": self._mode,
            "IExecutionContext.engine": lambda context: self._engine_of[id(context)],
            "IExecutionContext.set_tensor_address": self._address,
            "IExecutionContext.execute_async_v3": self._execute,
        }
        if flavour == "tensorrt":
            answers["ITimingCache.serialize"] = lambda _: b"timings"
        else:
            answers["IRuntimeCache.serialize"] = lambda _: b"kernels"
        self._engine_of: dict[int, Any] = {}
        self.module: ModuleType = strict_module(flavour, described, answers)

    @staticmethod
    def takes_ms(model: onnx.ModelProto) -> float:
        """What one inference takes."""
        return 0.010 + 0.005 * len(model.graph.node)

    def _of(self, engine: Any) -> _Engine:
        return self._engines[id(engine)]

    def _parse(self, model: bytes) -> bool:
        self._model = bytes(model)
        return True

    def _build(self) -> bytes:
        self.built.append(self._model)
        return _HEAD + self._version + b": " + self._model

    def _load(self, content: bytes) -> Any:
        head = _HEAD + self._version + b": "
        if not content.startswith(head):
            return None
        model = bytes(content)[len(head) :]
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        engine = self.module.ICudaEngine.__new__(self.module.ICudaEngine)
        self._kept.append(engine)
        self._engines[id(engine)] = _Engine(
            ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]),
            self._slower * self.takes_ms(onnx.load_model_from_string(model)),
        )
        return engine

    def _context(self, engine: Any) -> Any:
        context = self.module.IExecutionContext.__new__(self.module.IExecutionContext)
        self._kept.append(context)
        self._engine_of[id(context)] = engine
        return context

    def _dtype(self, engine: Any, name: str) -> Any:
        return self.module.DataType[_TYPES[self._of(engine).tensor(name).type][0]]

    def _mode(self, engine: Any, name: str) -> Any:
        given = {one.name for one in self._of(engine).session.get_inputs()}
        return self.module.TensorIOMode["INPUT" if name in given else "OUTPUT"]

    def _address(self, context: Any, name: str, address: int) -> bool:
        self._of(self._engine_of[id(context)]).addresses[name] = address
        return True

    def _execute(self, context: Any, stream: int) -> bool:
        assert stream == 77
        engine = self._of(self._engine_of[id(context)])
        self.gpu.enqueue(lambda: self._infer(engine))
        return True

    def _infer(self, engine: _Engine) -> float:
        feed = {one.name: self._array(engine, one) for one in engine.session.get_inputs()}
        for one, value in zip(
            engine.session.get_outputs(), engine.session.run(None, feed), strict=True
        ):
            self._array(engine, one)[:] = -value if self.wrong else value
        return engine.ms

    def _array(self, engine: _Engine, tensor: Any) -> Any:
        dtype = np.dtype(_TYPES[tensor.type][1])
        size = dtype.itemsize * int(np.prod(tensor.shape))
        buffer = self.gpu.bytes_at(engine.addresses[tensor.name], size)
        assert ctypes.sizeof(buffer) == size
        return np.frombuffer(buffer, dtype).reshape(tensor.shape)
