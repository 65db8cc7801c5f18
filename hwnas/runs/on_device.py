"""A device that an export asks: for latencies and engines of what is to be shipped."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from hwnas.core.errors import HwnasError
from hwnas.core.listener import Listener
from hwnas.devices.device import Device
from hwnas.export.engine import CheckedEngine, checked_engine
from hwnas.export.image_input import FLOAT, taking_bytes
from hwnas.latency.anchors import Anchor, nearest
from hwnas.latency.engine import builds_engines
from hwnas.latency.measure import timed_model
from hwnas.latency.readings import Bench, KnownDevice, Reading, bench_of
from hwnas.latency.schedule import Schedule
from hwnas.latency.visits import Speed
from hwnas.networks.blocks import Network
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.ensemble import Ensemble

SCREENING = Schedule(sessions=4, rounds=6, seconds=30)
# The schedule of the last word on a network: more sessions than a table's entry gets.
FINAL = Schedule(sessions=6, rounds=8, seconds=60)


class OnDevice:
    """One device with what its latency table knows of it.

    Attributes:
        device: where graphs run.
    """

    def __init__(
        self,
        device: Device,
        listener: Listener,
        *,
        speed: Callable[[], Speed | None],
        anchors: Callable[[], Sequence[Anchor]],
        cache: Callable[[], bytes],
        image_input: str = FLOAT,
    ) -> None:
        """Measures nothing yet.

        Args:
            device: where graphs run.
            listener: who waits.
            speed: reads how fast the device is when nothing disturbs it.
            anchors: reads some networks of its table.
            cache: reads the cache of its runtime: what is exported is made of the kernels that the
                table's blocks were timed with.
            image_input: what the exported files take, and so the untrained graphs too.
        """
        self.device, self._listener, self._image_input = device, listener, image_input
        self._known_speed, self._known_anchors, self._known_cache = speed, anchors, cache

    def networks(
        self,
        networks: Mapping[str, Network] | Mapping[str, Ensemble],
        schedule: Schedule,
        bound: float | None = None,
    ) -> Bench:
        """A bench of what is untrained, by name; `bound` is about what it takes, ms."""
        builders: dict[str, Callable[[], bytes]] = {
            name: partial(self.untrained, network) for name, network in networks.items()
        }
        return Bench(self.device, builders, schedule, self._known(bound))

    def files(
        self, shipped: Mapping[str, bytes], schedule: Schedule, bound: float | None = None
    ) -> Bench:
        """The same of what runs on the device: ONNX files or engines, by name."""
        return bench_of(self.device, shipped, schedule, self._known(bound))

    def untrained(self, network: Network | Ensemble) -> bytes:
        """The graph with random weights: it takes as long as the trained one."""
        model = timed_model(network, self.device, inner=False)
        if self._image_input == FLOAT:
            return model
        # Normalising takes time (2 % of MobileNetV3-small at 224 pixels), and is shipped too.
        taken: bytes = taking_bytes(ModelProto.FromString(model), USUAL).SerializeToString()
        return taken

    def measure(
        self, bench: Bench, title: str, names: Iterable[str] | None = None
    ) -> dict[str, Reading]:
        """Measures what is on a bench, with progress, see `Bench.measure`.

        Raises:
            DeviceError: the device failed.
        """
        with self._listener.progress(title, "visits") as update:
            return bench.measure(names, update)

    def engine(
        self, model: bytes, name: str, images: NDArray[np.uint8], conventions: Conventions = USUAL
    ) -> CheckedEngine | None:
        """The engine of an exported model, on a device that builds some.

        Args:
            model: the ONNX file.
            name: as the network is called in sentences.
            images: those that both are compared on, see `checked_engine`.
            conventions: of the network.

        Raises:
            HwnasError: it computes something else; of a reference that is a warning, and no
                reason to lose the winner.
        """
        if not builds_engines(self.device):
            return None
        with self._listener.progress(f"building the engine of the {name} on the device"):
            try:
                found = checked_engine(
                    self.device, model, images, cache=self.cache, conventions=conventions
                )
            except HwnasError as error:
                if name != "reference":
                    raise
                self._listener.say(f"the reference has no engine: {error}")
                return None
        if found.doubtful:
            self._listener.warn(
                f"the engine of the {name} computes logits that differ by "
                f"{found.difference:.0%} of the largest from those of its ONNX file"
            )
        return found

    @cached_property
    def cache(self) -> bytes:
        """What the device's runtime keeps from one job to the next, see `LatencyTable.cache`."""
        return self._known_cache() if builds_engines(self.device) else b""

    def _known(self, bound: float | None) -> KnownDevice:
        return KnownDevice(self._speed, nearest(self._anchors, bound), self.cache)

    @cached_property
    def _anchors(self) -> Sequence[Anchor]:
        return self._known_anchors()

    @cached_property
    def _speed(self) -> Speed | None:
        return self._known_speed()
