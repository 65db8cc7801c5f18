"""What an exported network uses on the device, beside what was predicted and allowed."""

from typing import Any

from devices.errors import EnergyError
from hwnas.runs.experiment import Experiment
from latency.blocks import Network
from latency.energy import measure_model_energy


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


def energy_text(name: str, energy: dict[str, Any]) -> str:
    """What `measured_energy` found, in one line."""
    budget, measured = energy["budget_mj"], energy["measured_mj"]
    if measured is None:
        return f"the energy of the {name} was not measured: {energy['problem']}"
    return (
        f"energy of the {name}: {measured:.4g} mJ (measured twice: {100 * energy['noise']:.1f} % "
        f"apart), {'over' if measured > budget else 'within'} the budget of {budget:.4g} mJ"
    )
