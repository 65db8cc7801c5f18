"""NVML of the simulated GPU: a board that uses energy while it works and while it rests."""
# ruff: noqa: N802, N803 (the names are NVML's)

import pytest

from hwnas.devices import nvml
from hwnas.devices.runtimes import gpu_energy
from tests.devices.runtimes.fake_cuda import Gpu


class NVMLError(Exception):
    pass


class Board:
    """30 W at rest and 300 W at work, told as a sum that changes every 50 ms of simulated time.

    Attributes:
        counts: whether the board counts its energy at all.
        moves: whether the counter moves.
        step_ms: for how long the counter says the same.
        reading_ns: how long it takes to say so.
        divided: whether it is cut into parts (MIG).
        asked: how often it was asked for its energy.
    """

    NVMLError = NVMLError
    NVML_CLOCK_SM = 1
    NVML_TEMPERATURE_GPU = 0
    REST_WATTS, WORK_WATTS = 30.0, 300.0

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self.counts = self.moves = True
        self.step_ms = 50.0
        self.reading_ns = 20_000.0
        self.divided = False
        self.asked = 0

    def millijoules(self, ns: float) -> float:
        """What the board really used until a moment."""
        worked = self.gpu.worked_ns(ns)
        return (self.WORK_WATTS * worked + self.REST_WATTS * (ns - worked)) / 1e6

    def nvmlInit(self):
        pass

    def nvmlDeviceGetHandleByPciBusId(self, pciBusId):
        assert pciBusId == "0000:01:00.0"
        return "handle"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):
        assert handle == "handle"
        if not self.counts:
            raise NVMLError
        self.asked += 1
        self.gpu.now += self.reading_ns
        step = self.step_ms * 1e6
        return int(self.millijoules(self.gpu.now // step * step if self.moves else 0.0))

    def nvmlDeviceGetMigMode(self, device):
        assert device == "handle"
        return [int(self.divided), 0]

    def nvmlDeviceGetPowerUsage(self, handle):
        raise NVMLError(handle)

    def nvmlDeviceGetTemperature(self, handle, sensor):
        raise NVMLError(handle, sensor)

    def nvmlDeviceGetTemperatureV(self, handle, sensor):
        raise NVMLError(handle, sensor)

    def nvmlDeviceGetClockInfo(self, handle, type):  # noqa: A002
        raise NVMLError(handle, type)


def play_board(monkeypatch: pytest.MonkeyPatch, gpu: Gpu) -> Board:
    """The simulated GPU with a board that is measured in its own time."""
    board = Board(gpu)
    monkeypatch.setattr(nvml, "pynvml", board)
    monkeypatch.setattr(gpu_energy, "perf_counter_ns", gpu.clock)

    def sleep(seconds: float) -> None:
        gpu.now += seconds * 1e9

    monkeypatch.setattr(gpu_energy, "sleep", sleep)
    return board
