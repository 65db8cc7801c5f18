"""ONNX → TensorRT engine, by the builder of TensorRT or TensorRT-RTX."""

import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from hwnas.core.errors import DeviceError
from hwnas.devices.installing import pip_install
from hwnas.devices.runtimes.messages import one_line

NAMES = {"tensorrt": "TensorRT", "tensorrt_rtx": "TensorRT-RTX"}
"""The products by the name of their Python module, which is also the name of the runtime."""
_PACKAGES = {"tensorrt": "tensorrt", "tensorrt_rtx": "tensorrt-rtx"}


def import_flavour(flavour: str) -> Any:
    """The Python module of TensorRT or TensorRT-RTX.

    Raises:
        DeviceError: it is not installed, or lacks its libraries.
    """
    try:
        return import_module(flavour)
    except ModuleNotFoundError as error:
        raise DeviceError(
            f"{NAMES[flavour]} is not installed for {sys.executable}: "
            + pip_install(_PACKAGES[flavour])
        ) from error
    except (ImportError, OSError) as error:
        raise DeviceError(
            f"{NAMES[flavour]} is installed, but does not load ({one_line([str(error)])}): "
            + pip_install(f"--force-reinstall {_PACKAGES[flavour]}")
        ) from error


def make_log(trt: Any) -> Any:
    """A logger of TensorRT's that keeps errors, in `errors`, instead of printing them."""

    class Log(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)  # TensorRT's bindings require this
            self.errors: list[str] = []

        def log(self, severity: Any, text: str) -> None:
            if severity in (trt.ILogger.INTERNAL_ERROR, trt.ILogger.ERROR):
                self.errors.append(text)

    return Log()


def started(make: Callable[[Any], Any], log: Any, name: str) -> Any:
    """TensorRT's builder or runtime, made with a logger.

    Raises:
        DeviceError: TensorRT does not start.
    """
    try:
        return make(log)
    except Exception as error:  # pybind11 raises what the C++ library threw
        raise DeviceError(
            f"{name} does not start: {one_line([*log.errors, str(error)])}"
        ) from error


class TrtBuilder:
    """Builds engines, one after another; each uses the timings of those before.

    Networks are strongly typed, the only kind that TensorRT 11 has: an operator computes in the
    type that the ONNX file says, or for float32 in TF32, as TensorRT does unless told otherwise.

    Attributes:
        trt: the module of the flavour.
        log: of the builder and everything made with it.
    """

    def __init__(
        self, flavour: str, *, cache: bytes = b"", capability: str = "CURRENT", log: Any = None
    ) -> None:
        """Starts a builder, which takes seconds.

        Args:
            flavour: a key of `NAMES`.
            cache: the `cache` of an earlier builder.
            capability: of TensorRT-RTX: for which GPU, as "SM89"; required where there is no GPU.
            log: of `make_log`, if there is one already: a process has one for all of TensorRT.

        Raises:
            DeviceError: TensorRT is not installed, or does not start.
        """
        self.trt = import_flavour(flavour)
        self.log = make_log(self.trt) if log is None else log
        self._flavour, self._name = flavour, NAMES[flavour]
        self._cache, self._capability = cache, capability
        self._builder = started(self.trt.Builder, self.log, self._name)

    @property
    def cache(self) -> bytes:
        """TensorRT's timing cache: the kernels that were timed, and how long they took.

        TensorRT-RTX has none: it times no kernels, and what its compiler makes is cached when an
        engine is loaded.
        """
        return self._cache

    def build(self, model: bytes, name: str, *, detailed: bool = False) -> bytes:
        """A serialised engine.

        Args:
            model: serialised ONNX.
            name: of the model, for messages.
            detailed: whether the engine can report its layers; it then takes longer to launch.

        Raises:
            DeviceError: the model cannot be read or built; the message says why.
        """
        trt = self.trt
        self.log.errors.clear()
        strongly_typed = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
        network = self._builder.create_network(strongly_typed)
        parser = trt.OnnxParser(network, self.log)
        if not parser.parse(model):
            errors = [parser.get_error(index) for index in range(parser.num_errors)]
            raise self._cannot_load(name, [_described(error) for error in errors])
        config = self._builder.create_builder_config()
        if detailed:
            config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
        if self._flavour == "tensorrt_rtx":
            capability = getattr(trt.ComputeCapability, self._capability)
            config.num_compute_capabilities = 1
            config.set_compute_capability(capability, 0)
        else:
            self._give_cache(config)
        engine = self._builder.build_serialized_network(network, config)
        if engine is None:
            raise self._cannot_load(name, self.log.errors)
        if self._flavour == "tensorrt":
            self._cache = bytes(config.get_timing_cache().serialize())
        return bytes(engine)

    def _give_cache(self, config: Any) -> None:
        cache = config.create_timing_cache(self._cache)
        # One of another version or GPU is refused, and started anew.
        if cache is None or not config.set_timing_cache(cache, False):
            config.set_timing_cache(config.create_timing_cache(b""), False)

    def _cannot_load(self, name: str, why: Iterable[str]) -> DeviceError:
        return DeviceError(f"{self._name} cannot load {name}: {one_line(why)}")


def _described(error: Any) -> str:
    node = error.node_name().strip()
    where = f"{error.node_operator()} {node}: " if node else ""
    return f"{where}{error.desc()}"
