"""What an exported network uses on the device, beside what was predicted and allowed."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from hwnas.core.errors import EnergyError
from hwnas.core.listener import Listener
from hwnas.latency.energy import measure_model_energy
from hwnas.networks.blocks import Network
from hwnas.runs.experiment import Experiment
from hwnas.runs.latency_check import Patience
from hwnas.runs.on_device import OnDevice


@dataclass(frozen=True)
class UsedEnergy:
    """The energy per inference of a network, in mJ.

    Attributes:
        budget_mj: the budget.
        predicted_mj: None where the table lacks blocks of the network.
        measured_mj: None where it could not be measured.
        noise: what two sessions differ by, relative to `measured_mj`; None without it.
        problem: why it could not be measured, a sentence.
        doubtful: why it is not certain that it is over its budget, a sentence.
    """

    budget_mj: float
    predicted_mj: float | None
    measured_mj: float | None = None
    noise: float | None = None
    problem: str | None = None
    doubtful: str | None = None

    @property
    def over(self) -> bool:
        """Whether it was measured, is over its budget, and that is certain."""
        measured = self.measured_mj
        return measured is not None and self.doubtful is None and measured > self.budget_mj

    def text(self, name: str) -> str:
        """The same in one line; `name` is what the network is called."""
        measured = self.measured_mj
        if measured is None:
            return f"the energy of the {name} was not measured: {self.problem}"
        apart = f"{100 * (self.noise or 0):.1f} %"
        verdict = "over" if measured > self.budget_mj else "within"
        return (
            f"energy of the {name}: {measured:.4g} mJ (measured twice: {apart} apart), {verdict} "
            f"the budget of {self.budget_mj:.4g} mJ"
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON; a problem and a doubt only where there is one."""
        optional = ("problem", "doubtful")
        content = asdict(self).items()
        return {key: value for key, value in content if key not in optional or value is not None}


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

    def untrained(self, network: Network) -> UsedEnergy | None:
        """What a network uses before it is trained; None without a budget on energy."""
        if self.budget_mj is None:
            return None
        found = self._measured(network, self._on.untrained(network), "untrained network")
        if found.measured_mj is None:
            self._listener.say(found.text("untrained network"))
        return found

    def trained(self, network: Network, shipped: bytes, name: str) -> UsedEnergy | None:
        """The same of what is to be shipped.

        A winner that is over the budget was within it before its training, and its graph is the
        same: both are measured again until both are over it or it is within; where neither happens
        before the patience ends, `doubtful` is a sentence.
        """
        if self.budget_mj is None:
            return None
        found = self._measured(network, shipped, name)
        if name == "winner" and found.over:
            found = self._settled(network, shipped, name)
        self._listener.say(found.text(name))
        return found

    def _settled(self, network: Network, shipped: bytes, name: str) -> UsedEnergy:
        end = self._patience.now() + self._patience.seconds
        while True:
            found = self._measured(network, shipped, name)
            if not found.over:
                return found
            before = self._measured(network, self._on.untrained(network), "untrained network")
            if before.over:
                return found
            if self._patience.now() >= end:
                return replace(
                    found,
                    doubtful=f"its energy is doubtful: {found.measured_mj:.4g} mJ, and "
                    f"{before.measured_mj or 0:.4g} mJ untrained; the budget is "
                    f"{found.budget_mj:.4g} mJ",
                )
            self._patience.rest(self._patience.pause)

    def _measured(self, network: Network, model: bytes, name: str) -> UsedEnergy:
        assert self.budget_mj is not None
        with self._listener.progress(f"measuring the energy of the {name} on the device"):
            return measured_energy(self._experiment, self.budget_mj, network, model, self._on.cache)


def measured_energy(
    experiment: Experiment, bound: float, network: Network, shipped: bytes, cache: bytes
) -> UsedEnergy:
    """What an inference uses on the device, beside what was predicted.

    Where the device does not count its energy any more, nothing is measured and `problem` says
    why: that is no reason to lose a trained network.

    Args:
        experiment: of the run, with a budget on energy.
        bound: that budget in mJ.
        network: of the table's blocks, or of others.
        shipped: what runs on the device.
        cache: of the table, see `LatencyTable.cache`.

    Raises:
        DeviceError: the device failed; running again continues.
    """
    model = experiment.energy
    known = model is not None and not model.missing(network)
    predicted = float(model.predict([network])[0]) if model and known else None
    try:
        measured = measure_model_energy(experiment.device, shipped, cache=cache)
    except EnergyError as error:
        return UsedEnergy(bound, predicted, problem=str(error))
    return UsedEnergy(bound, predicted, measured.millijoules, measured.noise)
