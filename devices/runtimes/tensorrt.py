"""TensorRT 10 and 11, and TensorRT-RTX, on the first GPU."""

from pathlib import Path
from typing import Any

from hwnas.core.errors import DeviceError
from hwnas.devices.engine import SUFFIX
from hwnas.devices.runtimes.cuda import Cuda
from hwnas.devices.runtimes.messages import one_line
from hwnas.devices.runtimes.runtime import Operator
from hwnas.devices.runtimes.trt_build import NAMES, TrtBuilder, import_flavour, make_log, started
from hwnas.devices.runtimes.trt_graph import TrtGraph
from hwnas.devices.runtimes.trt_profile import layer_types, make_profiler, mean_times
from hwnas.devices.runtimes.trt_scratch import Scratch

WARM_UP_RUNS = 4


def tensorrt() -> "TensorRt":
    """The runtime `tensorrt`."""
    return TensorRt("tensorrt")


def tensorrt_rtx() -> "TensorRt":
    """The runtime `tensorrt_rtx`."""
    return TensorRt("tensorrt_rtx")


class TensorRt:
    """Builds engines of ONNX files and loads them; it ignores `threads`.

    Attributes:
        cuda: the GPU.
    """

    def __init__(self, flavour: str) -> None:
        """Looks for a GPU, then for TensorRT.

        Args:
            flavour: a key of `trt_build.NAMES`: one product is never taken for the other.

        Raises:
            DeviceError: there is no GPU, or no TensorRT.
        """
        self.cuda = Cuda()  # first: without a driver TensorRT crashes
        self._trt = import_flavour(flavour)
        self._flavour, self._name = flavour, NAMES[flavour]
        self._stream = self.cuda.stream()
        self._scratch = Scratch(self._trt, self.cuda)
        self._log = make_log(self._trt)
        self._runtime = started(self._trt.Runtime, self._log, self._name)
        self._kernels = KernelCache() if flavour == "tensorrt_rtx" else None
        self._timing_cache = b""
        self._builder: TrtBuilder | None = None

    @property
    def version(self) -> str:
        """The version of the installed package."""
        return str(self._trt.__version__)

    @property
    def gpu(self) -> str:
        """The PCI bus id of the GPU."""
        return self.cuda.bus

    @property
    def cache(self) -> bytes:
        """TensorRT's timing cache, or the compiled kernels of TensorRT-RTX."""
        if self._kernels is not None:
            return self._kernels.content
        return self._builder.cache if self._builder is not None else self._timing_cache

    @cache.setter
    def cache(self, content: bytes) -> None:
        if self._kernels is not None:
            self._kernels = KernelCache(content)
        else:
            self._timing_cache, self._builder = content, None

    def load(self, model: Path, *, threads: int) -> TrtGraph:
        """Builds the engine of an ONNX file and loads it; a file "*.engine" is loaded as it is.

        Raises:
            DeviceError: the file cannot be read, built, or run on this GPU.
        """
        del threads
        if model.suffix == SUFFIX:
            return self._loaded(model.read_bytes(), model.name)
        return self.build(model)[1]

    def build(self, model: Path) -> tuple[bytes, TrtGraph]:
        """The engine of an ONNX file, serialised and loaded.

        Raises:
            DeviceError: the file cannot be read or built, or the engine cannot run on this GPU.
        """
        engine = self._built(model, detailed=False)
        return engine, self._loaded(engine, model.name)

    def operators(self, model: Path, *, threads: int, runs: int) -> list[Operator]:
        """The time of each layer of the engine, from TensorRT's profiler.

        Raises:
            DeviceError: the file cannot be loaded, or this TensorRT does not profile.
        """
        del threads
        built = model.suffix == SUFFIX  # it reports what it was built to report
        engine = model.read_bytes() if built else self._built(model, detailed=True)
        context = self._context(engine, model.name)
        graph = self._graph(context)
        profiler = make_profiler(self._trt)
        context.profiler = profiler
        for _ in range(WARM_UP_RUNS + runs):
            profiler.begin()
            graph.infer()
        times = mean_times(profiler.runs[WARM_UP_RUNS:])
        if not times:
            raise DeviceError(
                f"{self._name} {self.version} reported no times of the layers of {model.name}: its "
                "profiler does not work with this engine; leave out the profile by operators"
            )
        types = layer_types(self._trt, context.engine)
        return [
            {"name": name, "type": types.get(name, ""), "provider": graph.provider, "ms": ms}
            for name, ms in times.items()
        ]

    def _built(self, model: Path, *, detailed: bool) -> bytes:
        if self._builder is None:
            self._builder = TrtBuilder(self._flavour, cache=self._timing_cache, log=self._log)
        try:
            return self._builder.build(model.read_bytes(), model.name, detailed=detailed)
        except DeviceError as error:
            raise DeviceError(f"{error}{self._unsupported()}") from error

    def _loaded(self, engine: bytes, name: str) -> TrtGraph:
        return self._graph(self._context(engine, name))

    def _graph(self, context: Any) -> TrtGraph:
        provider = f"{self._name} on {self.cuda.name}"
        return TrtGraph(self._trt, context, self.cuda, self._stream, provider, self._scratch)

    def _context(self, serialized: bytes, name: str) -> Any:
        """The execution context of an engine, which keeps the engine alive."""
        self._log.errors.clear()
        engine = self._runtime.deserialize_cuda_engine(serialized)
        context = None
        if engine is not None:
            config = None if self._kernels is None else self._kernels.config(engine)
            context = self._scratch.context(engine, config)
        if context is None:
            raise DeviceError(
                f"{self._name} cannot load {name}: {one_line(self._log.errors)}"
                f"{self._unsupported()}"
            )
        return context

    def _unsupported(self) -> str:
        """The end of an error: that TensorRT was not made for this GPU, "" where it was."""
        major, minor = self.cuda.capability
        if self._flavour == "tensorrt" or hasattr(self._trt.ComputeCapability, f"SM{major}{minor}"):
            return ""
        return (
            f"; {self._name} {self.version} is not made for a GPU of compute capability {major}."
            f"{minor}, as {self.cuda.name} is: use 'runtime: tensorrt' there"
        )


class KernelCache:
    """The kernels that TensorRT-RTX compiled when engines were loaded, one cache for all."""

    def __init__(self, content: bytes = b"") -> None:
        """Takes the `content` of another process."""
        self._content = content
        self._cache: Any = None
        self._made_by: Any = None

    def config(self, engine: Any) -> Any:
        """The config by which a context of an engine uses the cache."""
        config = engine.create_runtime_config()
        if self._cache is None:
            cache = config.create_runtime_cache()
            if self._content:
                cache.deserialize(self._content)  # one of another GPU or version is ignored
            # Whether it outlives the engine that made it is not documented.
            self._cache, self._made_by = cache, (engine, config)
        config.set_runtime_cache(self._cache)
        return config

    @property
    def content(self) -> bytes:
        """The kernels that were compiled so far."""
        return self._content if self._cache is None else bytes(self._cache.serialize())
