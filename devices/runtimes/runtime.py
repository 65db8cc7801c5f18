"""Runtime: what loads a graph on a target and times it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypedDict, runtime_checkable

from numpy.typing import NDArray


class Operator(TypedDict):
    """What a profile says of one operator; `ms` are the milliseconds per inference."""

    name: str
    type: str
    provider: str
    ms: float


class LoadedGraph(Protocol):
    """A graph ready to run, its inputs filled."""

    @property
    def provider(self) -> str:
        """What really executes it, as the runtime names it."""

    def run(self, image: NDArray[Any]) -> NDArray[Any]:
        """The first output for one input batch, of a graph with one input."""

    def run_raw(self, raw: bytes) -> list[float]:
        """The first output, flat, for the raw little-endian values of the only input.

        Raises:
            DeviceError: they are not as many as the input has.
        """

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        """Milliseconds of consecutive inferences, after a few that are not counted.

        At least `least_runs`, and until `least_ms` have passed.
        """

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was wrong with the last visit of `time`, of `hwnas.devices.answers.WARNINGS`."""


class Runtime(Protocol):
    """An inference runtime on the machine that this code runs on."""

    @property
    def version(self) -> str:
        """The runtime's version."""

    @property
    def gpu(self) -> str:
        """The PCI bus id of the GPU that graphs run on, "" where it is none."""

    def load(self, model: Path, *, threads: int) -> LoadedGraph:
        """Loads an ONNX file whose inputs have fixed shapes.

        Raises:
            DeviceError: the file cannot be loaded, or would run elsewhere than asked.
        """

    def operators(self, model: Path, *, threads: int, runs: int) -> list[Operator]:
        """The time of each operator, as the runtime's own profiler says, after its fusions.

        Args:
            model: an ONNX file whose inputs have fixed shapes.
            threads: as in `load`.
            runs: inferences to average over.

        Returns:
            In the order of execution.

        Raises:
            DeviceError: the file cannot be loaded.
        """


@runtime_checkable
class CachingRuntime(Protocol):
    """A runtime that builds graphs again the same way, and sooner, when it is given its cache.

    Attributes:
        cache: to begin with what it was in an earlier process with the same GPU and version, b""
            for nothing; after graphs were loaded, what to give to the next one. A cache of
            elsewhere does no harm.
    """

    cache: bytes


@runtime_checkable
class BuildingRuntime(Protocol):
    """A runtime that makes of a graph an engine for this very machine, which `load` takes too."""

    def build(self, model: Path) -> tuple[bytes, LoadedGraph]:
        """The engine of an ONNX file whose inputs have fixed shapes, serialised, and loaded.

        Raises:
            DeviceError: the file cannot be read, built, or run here.
        """


@runtime_checkable
class EnergyGraph(Protocol):
    """A loaded graph whose energy can be measured, see `hwnas.devices.runtimes.gpu_energy`."""

    def start(self, runs: int) -> Callable[[], None]:
        """Starts so many inferences, one behind another; returns what waits for their end.

        At most two starts may wait at a time, and in their order.

        Raises:
            DeviceError: an inference failed.
        """
