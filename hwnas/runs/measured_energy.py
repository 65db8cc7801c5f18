"""What an exported network uses on the device, beside what was predicted and allowed."""

from typing import Any

from hwnas.core.errors import EnergyError
from hwnas.core.listener import Listener
from hwnas.latency.energy import measure_model_energy
from hwnas.networks.blocks import Network
from hwnas.runs.experiment import Experiment
from hwnas.runs.latency_check import Patience
from hwnas.runs.on_device import OnDevice


class EnergyCheck:
    """The energies of one export, on a run with a budget on energy; nothing without one.

    Attributes:
        budget_mj: the budget; None for none.
    """

    def __init__(
        self,
        experiment: Experiment,
        on: OnDevice,
        budget_mj: float | None,
        listener: Listener,
        patience: Patience,
    ) -> None:
        """Measures nothing yet."""
        self._experiment, self._on, self.budget_mj = experiment, on, budget_mj
        self._listener, self._patience = listener, patience

    def untrained(self, network: Network) -> dict[str, Any]:
        """What a network uses before it is trained, see `measured_energy`."""
        if self.budget_mj is None:
            return {}
        found = self._measured(network, self._on.untrained(network), "untrained network")
        if found["measured_mj"] is None:
            self._listener.say(energy_text("untrained network", found))
        return found

    def trained(self, network: Network, shipped: bytes, name: str) -> dict[str, Any]:
        """The same of what is to be shipped.

        A winner that is over the budget was within it before its training, and its graph is the
        same: both are measured again until both are over it or it is within; where neither comes
        before the patience ends, `doubtful` is a sentence.
        """
        if self.budget_mj is None:
            return {}
        found = self._measured(network, shipped, name)
        if name == "winner" and over_mj(found):
            found = self._settled(network, shipped, name)
        self._listener.say(energy_text(name, found))
        return found

    def _settled(self, network: Network, shipped: bytes, name: str) -> dict[str, Any]:
        end = self._patience.now() + self._patience.seconds
        while True:
            found = self._measured(network, shipped, name)
            if not over_mj(found):
                return found
            before = self._measured(network, self._on.untrained(network), "untrained network")
            if over_mj(before):
                return found
            if self._patience.now() >= end:
                return found | {
                    "doubtful": f"its energy is doubtful: {found['measured_mj']:.4g} mJ, and "
                    f"{before['measured_mj'] or 0:.4g} mJ untrained; the budget is "
                    f"{self.budget_mj:.4g} mJ"
                }
            self._patience.rest(self._patience.pause)

    def _measured(self, network: Network, model: bytes, name: str) -> dict[str, Any]:
        assert self.budget_mj is not None
        with self._listener.progress(f"measuring the energy of the {name} on the device"):
            return measured_energy(self._experiment, self.budget_mj, network, model, self._on.cache)


def measured_energy(
    experiment: Experiment, bound: float, network: Network, shipped: bytes, cache: bytes
) -> dict[str, Any]:
    """`budget_mj`, `predicted_mj`, `measured_mj` and `noise` of one inference, and a problem.

    `noise` is what two sessions differ by, relative to their energy. Where the device does not
    count its energy any more, that is None, and `problem` a sentence: it is no reason to lose a
    trained network.

    Raises:
        DeviceError: the device failed; running again continues.

    Args:
        experiment: of the run, with a budget on energy.
        bound: that budget in mJ.
        network: of the table's blocks, or of others.
        shipped: what runs on the device.
        cache: of the table, see `LatencyTable.cache`.
    """
    model = experiment.energy
    known = model is not None and not model.missing(network)
    found: dict[str, Any] = {
        "budget_mj": bound,
        "predicted_mj": float(model.predict([network])[0]) if model and known else None,
        "measured_mj": None,
        "noise": None,
    }
    try:
        measured = measure_model_energy(experiment.device, shipped, cache=cache)
    except EnergyError as error:
        return found | {"problem": str(error)}
    return found | {"measured_mj": measured.millijoules, "noise": measured.noise}


def over_mj(used: dict[str, Any]) -> bool:
    """Whether an energy that could be measured is over its budget, and that is no doubt."""
    found = used.get("measured_mj")
    return found is not None and "doubtful" not in used and bool(found > used["budget_mj"])


def energy_text(name: str, energy: dict[str, Any]) -> str:
    """What `measured_energy` found, in one line."""
    budget, measured = energy["budget_mj"], energy["measured_mj"]
    if measured is None:
        return f"the energy of the {name} was not measured: {energy['problem']}"
    return (
        f"energy of the {name}: {measured:.4g} mJ (measured twice: {100 * energy['noise']:.1f} % "
        f"apart), {'over' if measured > budget else 'within'} the budget of {budget:.4g} mJ"
    )
