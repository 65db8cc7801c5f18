"""What an export asks of its device: latencies, engines and energies of what is to be shipped."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from devices.errors import HwnasError
from hwnas.export.engine import CheckedEngine, checked_engine
from hwnas.runs.experiment import Experiment
from hwnas.runs.measured_energy import energy_text, measured_energy
from latency.blocks import Network
from latency.engine import builds_engines
from latency.measure import measure_models, timed_model
from latency.schedule import Schedule
from latency.visits import Summary

SCREENING = Schedule(sessions=4, rounds=6, seconds=30)
# The schedule of the last word on a network: more sessions than a table's entry gets.
FINAL = Schedule(sessions=6, rounds=8, seconds=60)


class Listener(Protocol):
    """What is told about the course of an export."""

    def say(self, text: str) -> None:
        """A sentence for the person who waits."""

    def progress(self, title: str) -> Any:
        """A context manager that gives update(done, total, note)."""


class OnDevice:
    """The device of a run, with the cache of its table.

    What is exported is made of the kernels that the table's blocks were timed with.

    Attributes:
        budget_mj: on energy; None for no such budget.
    """

    def __init__(self, experiment: Experiment, listener: Listener, budget_mj: float | None) -> None:
        """Measures nothing yet."""
        self._experiment, self._listener = experiment, listener
        self._device = experiment.device
        self.budget_mj = budget_mj

    def screen(self, networks: Mapping[str, Network]) -> dict[str, float]:
        """The latency of untrained networks in ms, side by side, by name."""
        title = f"measuring {len(networks)} networks of the front"
        models = {name: self._untrained(network) for name, network in networks.items()}
        with self._listener.progress(title) as update:
            found = measure_models(self._device, models, SCREENING, update, cache=self._cache)
        return {name: summary.ms for name, summary in found.items()}

    def latencies(self, shipped: Mapping[str, bytes]) -> Mapping[str, Summary | None]:
        """What runs on the device, measured side by side; None where nothing can be measured."""
        if not self._device.measurable:
            return dict.fromkeys(shipped)
        with self._listener.progress(f"measuring {' and '.join(shipped)} on the device") as update:
            return measure_models(self._device, shipped, FINAL, update, cache=self._cache)

    def engine(self, model: bytes, name: str) -> CheckedEngine | None:
        """The engine of an exported model, on a device that builds some.

        Raises:
            HwnasError: it computes something else; of a reference that is said, and no reason to
                lose the winner.
        """
        if not builds_engines(self._device):
            return None
        images = self._experiment.dataset.test.images
        with self._listener.progress(f"building the engine of the {name} on the device"):
            try:
                found = checked_engine(self._device, model, images, cache=self._cache)
            except HwnasError as error:
                if name != "reference":
                    raise
                self._listener.say(f"the reference has no engine: {error}")
                return None
        if found.doubtful:
            self._listener.say(
                f"warning: the engine of the {name} computes logits that differ by "
                f"{found.difference:.0%} of the largest from those of its ONNX file"
            )
        return found

    def energy(self, network: Network, shipped: bytes | None, name: str) -> dict[str, Any]:
        """What a network uses, see `measured_energy`; nothing without a budget on energy.

        Args:
            network: its blocks.
            shipped: what runs on the device; None for the untrained network.
            name: as it is called in sentences.
        """
        if self.budget_mj is None:
            return {}
        model = self._untrained(network) if shipped is None else shipped
        with self._listener.progress(f"measuring the energy of the {name} on the device"):
            found = measured_energy(self._experiment, self.budget_mj, network, model, self._cache)
        if shipped is not None or found["measured_mj"] is None:
            self._listener.say(energy_text(name, found))
        return found

    def _untrained(self, network: Network) -> bytes:
        return timed_model(network, self._device, inner=False)

    @cached_property
    def _cache(self) -> bytes:
        if not builds_engines(self._device):
            return b""
        return self._experiment.timing_cache()
