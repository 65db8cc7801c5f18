"""Runtime: what loads graphs on a target, runs them and times them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypedDict, runtime_checkable

from numpy.typing import NDArray


class Operator(TypedDict):
    """One operator of a profile; `ms` is the time per inference."""

    name: str
    type: str
    provider: str
    ms: float


class LoadedGraph(Protocol):
    """A graph that is ready to run, its inputs filled."""

    @property
    def provider(self) -> str:
        """What really executes the graph, as the runtime names it."""

    def run(self, image: NDArray[Any]) -> NDArray[Any]:
        """The first output for a batch, of a graph with one input."""

    def run_raw(self, raw: bytes) -> list[float]:
        """The first output, flat, for the raw little-endian values of the only input.

        Raises:
            DeviceError: the input has another number of values.
        """

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        """Milliseconds of consecutive inferences, after a few that are not counted.

        Args:
            least_runs: at least so many inferences.
            least_ms: and until so much time has passed.
        """

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was wrong with the last call of `time`, of `hwnas.devices.answers.WARNINGS`."""


class Runtime(Protocol):
    """A runtime on the machine that this code runs on; `hwnas.testing.runtimes` tests all of it."""

    @property
    def version(self) -> str:
        """The runtime's version."""

    @property
    def gpu(self) -> str:
        """The PCI bus id of the GPU that graphs run on, "" where they run on none."""

    def load(self, model: Path, *, threads: int) -> LoadedGraph:
        """Loads an ONNX file whose inputs have fixed shapes.

        Raises:
            DeviceError: the file cannot be loaded, or would not run where it should.
        """

    def operators(self, model: Path, *, threads: int, runs: int) -> list[Operator]:
        """The time of each operator, by the runtime's own profiler, after operators were fused.

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
    """A runtime that builds a graph again in the same way, and faster, with an earlier cache.

    Attributes:
        cache: set to the cache of an earlier process, or b"", before graphs are loaded; afterwards
            read for the next process. A cache of another GPU or version is ignored.
    """

    cache: bytes


@runtime_checkable
class BuildingRuntime(Protocol):
    """A runtime that builds engines of graphs for this machine alone; `load` takes them, too."""

    def build(self, model: Path) -> tuple[bytes, LoadedGraph]:
        """The engine of an ONNX file whose inputs have fixed shapes: serialised, and loaded.

        Raises:
            DeviceError: the file cannot be read or built, or the engine cannot run.
        """


@runtime_checkable
class EnergyGraph(Protocol):
    """A loaded graph whose energy can be measured, see `hwnas.devices.runtimes.gpu_energy`."""

    def start(self, runs: int) -> Callable[[], None]:
        """Starts so many inferences, one after another; returns what waits for their end.

        At most two starts are waited for at a time, in their order.

        Raises:
            DeviceError: an inference failed.
        """
