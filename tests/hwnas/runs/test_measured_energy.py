"""One energy that contradicts the one before the training condemns no network."""

from types import SimpleNamespace
from typing import Any

import pytest

from hwnas.cli.output import Output
from hwnas.devices.device import Device
from hwnas.latency.reference import NETWORK
from hwnas.runs import measured_energy
from hwnas.runs.latency_check import Patience
from hwnas.runs.measured_energy import EnergyCheck, UsedEnergy
from hwnas.runs.on_device import OnDevice

BOUND = 40.0
SHIPPED = b"trained"


class Board:
    """Measures the next of some energies of the trained network, and of the untrained one."""

    def __init__(self, trained: list[float], untrained: list[float]) -> None:
        self.left = {True: trained, False: untrained}
        self.rested = 0.0

    def measure(self, device: Device, model: bytes, **_: Any) -> SimpleNamespace:
        del device
        left = self.left[model == SHIPPED]
        value = left.pop(0) if len(left) > 1 else left[0]
        return SimpleNamespace(millijoules=value, noise=0.01)

    def rest(self, seconds: float) -> None:
        self.rested += seconds


def trained(monkeypatch: pytest.MonkeyPatch, board: Board, name: str = "winner") -> UsedEnergy:
    monkeypatch.setattr(measured_energy, "measure_model_energy", board.measure)
    output, device = Output(as_json=True), Device(name="here")
    on = OnDevice(device, output, speed=lambda: None, anchors=list, cache=bytes)
    patience = Patience(20, 5, lambda: board.rested, board.rest)
    experiment: Any = SimpleNamespace(energy=None, device=device)
    found = EnergyCheck(experiment, on, BOUND, output, patience).trained(NETWORK, SHIPPED, name)
    assert found is not None
    return found


def test_an_energy_that_was_too_much_once_is_measured_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = trained(monkeypatch, Board([44.0, 39.0], [38.0]))
    assert (found.measured_mj, found.over) == (39.0, False)
    assert "doubtful" not in found.to_dict()


def test_a_network_is_over_when_its_untrained_graph_now_is_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board = Board([44.0], [38.0, 43.0])
    assert trained(monkeypatch, board).over
    assert board.rested == 5


def test_what_stays_contradictory_is_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board([44.0], [38.0])
    found = trained(monkeypatch, board)
    assert board.rested == 20
    assert not found.over
    assert found.doubtful == (
        "its energy is doubtful: 44 mJ, and 38 mJ untrained; the budget is 40 mJ"
    )


def test_a_reference_over_the_budget_is_no_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board([44.0], [38.0])
    assert trained(monkeypatch, board, "reference").measured_mj == 44.0
    assert board.rested == 0
