"""Runtime: what loads a graph on a target and times it."""

from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray


class LoadedGraph(Protocol):
    """A graph ready to run, its input filled."""

    @property
    def provider(self) -> str:
        """What really executes it, as the runtime names it."""

    def run(self, image: NDArray[Any]) -> NDArray[Any]:
        """The output for one input batch."""

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        """Milliseconds of consecutive inferences, after one that is not counted.

        At least `least_runs`, and until `least_ms` have passed.
        """


class Runtime(Protocol):
    """An inference runtime on the machine that this code runs on."""

    @property
    def version(self) -> str:
        """The runtime's version."""

    def load(self, model: Path, *, threads: int) -> LoadedGraph:
        """Loads an ONNX file.

        Raises:
            DeviceError: the file cannot be loaded, or would run elsewhere than asked.
        """
