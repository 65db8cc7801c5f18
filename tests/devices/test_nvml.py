"""The sensors of a GPU, from a simulated management library."""

import inspect
from importlib import import_module
from typing import Any

import pytest

from hwnas.devices import agent, nvml
from hwnas.devices.conditions import Conditions
from hwnas.devices.nvml import GpuSensors
from tests.devices.runtimes.fake_nvml import Board


class NVMLError(Exception):
    pass


class Library:
    """A GPU at 1980 MHz, 45 °C and 120 W, which uses a joule between two questions."""

    NVMLError = NVMLError
    NVML_CLOCK_SM = 1
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *, lacks: tuple[str, ...] = ()) -> None:
        self.lacks, self.millijoules = lacks, 5000

    def _answer(self, name: str, value: float) -> float:
        if name in self.lacks:
            raise NVMLError(name)
        return value

    def nvmlInit(self):  # noqa: N802
        self._answer("driver", 0)

    def nvmlDeviceGetHandleByPciBusId(self, pciBusId):  # noqa: N802, N803
        assert pciBusId == "0000:01:00.0"
        return "handle"

    def nvmlDeviceGetClockInfo(self, handle, type):  # noqa: A002, N802
        assert (handle, type) == ("handle", 1)
        return self._answer("clock", 1980)

    def nvmlDeviceGetTemperatureV(self, handle, sensor):  # noqa: N802
        assert (handle, sensor) == ("handle", 0)
        return self._answer("newer", 45)

    def nvmlDeviceGetTemperature(self, handle, sensor):  # noqa: N802
        assert (handle, sensor) == ("handle", 0)
        return self._answer("temperature", 44)

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        del handle
        return self._answer("power", 120_500)

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        del handle
        self.millijoules += 1000
        return self._answer("energy", self.millijoules)


def sensors(monkeypatch: pytest.MonkeyPatch, library: Any, bus: str = "0000:01:00.0") -> GpuSensors:
    monkeypatch.setattr(nvml, "pynvml", library)
    return GpuSensors(bus)


def test_all_that_a_gpu_tells_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sensors(monkeypatch, Library())
    everything = {"gpu_mhz": 1980.0, "gpu_celsius": 45.0, "gpu_watts": 120.5, "gpu_joules": 1.0}
    assert found.read() == everything
    assert found.read() == everything
    assert everything.items() <= Conditions(found).read().items()


def test_what_a_gpu_does_not_tell_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    old = sensors(monkeypatch, Library(lacks=("energy", "newer")))
    assert old.read() == {"gpu_mhz": 1980.0, "gpu_celsius": 44.0, "gpu_watts": 120.5}
    mute = ("energy", "newer", "temperature", "power", "clock")
    assert sensors(monkeypatch, Library(lacks=mute)).read() == {}


@pytest.mark.parametrize(
    ("library", "bus"),
    [(Library(lacks=("driver",)), "0000:01:00.0"), (None, "0000:01:00.0"), (Library(), "")],
)
def test_without_driver_package_or_gpu_nothing_is_read(
    monkeypatch: pytest.MonkeyPatch, library: Any, bus: str
) -> None:
    found = sensors(monkeypatch, library, bus)
    assert (found.read(), found.celsius()) == ({}, None)


def test_a_round_waits_for_the_gpu_too(monkeypatch: pytest.MonkeyPatch) -> None:
    hot = sensors(monkeypatch, Library())
    monkeypatch.setattr(agent, "hottest", lambda: 30.0)
    assert agent._hottest(hot) == 45.0
    monkeypatch.setattr(agent, "hottest", lambda: None)
    assert agent._hottest(hot) == 45.0
    assert agent._hottest(GpuSensors()) is None


@pytest.mark.parametrize("simulated", [Library, Board])
def test_a_simulated_library_has_nothing_that_the_real_one_has_not(simulated: Any) -> None:
    real = import_module("pynvml")
    assert real.NVML_CLOCK_SM == simulated.NVML_CLOCK_SM
    assert real.NVML_TEMPERATURE_GPU == simulated.NVML_TEMPERATURE_GPU
    check_names(simulated)


def check_names(simulated: type) -> None:
    """Every function of a simulated library is there in the real one, with these arguments."""
    real = import_module("pynvml")
    for name in (one for one in dir(simulated) if one.startswith("nvml")):
        there = inspect.signature(inspect.unwrap(getattr(real, name)))
        there.bind(*list(inspect.signature(getattr(simulated, name)).parameters)[1:])
