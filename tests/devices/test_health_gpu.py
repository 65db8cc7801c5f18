"""What is found on a GPU, from a simulated management library."""

import os
from types import SimpleNamespace
from typing import Any

import pytest

from hwnas.devices import nvml
from hwnas.devices.health_gpu import gpu_findings
from tests.devices.test_nvml import Library, NVMLError, check_names

BUS = "0000:01:00.0"


class Busy(Library):
    """Another program runs, it is 85 °C warm, and persistence mode is off."""

    NVML_TEMPERATURE_THRESHOLD_SLOWDOWN = 1

    def __init__(self, celsius: int = 85, pids: tuple[int, ...] = (7,), mode: int = 0) -> None:
        super().__init__()
        self.celsius, self.pids, self.mode = celsius, pids, mode

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        return "580.105.08"

    def nvmlDeviceGetTemperatureV(self, handle, sensor):  # noqa: N802
        return super().nvmlDeviceGetTemperatureV(handle, sensor) - 45 + self.celsius

    def nvmlDeviceGetTemperatureThreshold(self, handle, threshold):  # noqa: N802
        assert (handle, threshold) == ("handle", 1)
        return 92

    def nvmlDeviceGetComputeRunningProcesses(self, handle):  # noqa: N802
        del handle
        return [SimpleNamespace(pid=pid) for pid in (os.getpid(), *self.pids)]

    def nvmlDeviceGetGraphicsRunningProcesses(self, handle):  # noqa: N802
        raise NVMLError(handle)

    def nvmlDeviceGetPersistenceMode(self, handle):  # noqa: N802
        del handle
        return self.mode


def found(monkeypatch: pytest.MonkeyPatch, library: Any) -> dict[str, dict[str, Any]]:
    monkeypatch.setattr(nvml, "pynvml", library)
    return {one["name"]: one for one in gpu_findings(BUS)}


def test_what_disturbs_is_named_with_how_to_fix_it(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = found(monkeypatch, Busy())
    assert findings["GPU driver"]["value"] == "580.105.08"
    assert findings["GPU: other programs"]["value"] == "processes 7"
    assert findings["GPU temperature"]["value"] == "85 °C, slows down at 92"
    assert "--persistence-mode=1" in findings["GPU persistence mode"]["advice"]
    assert [one["ok"] for one in findings.values()] == [True, False, False, False]
    assert all(one["ok"] or one["advice"] for one in findings.values())


def test_a_gpu_at_rest_is_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = found(monkeypatch, Busy(celsius=40, pids=(), mode=1))
    assert all(one["ok"] and one["value"] for one in findings.values())


@pytest.mark.parametrize("library", [None, Library(lacks=("driver",)), Library(lacks=("newer",))])
def test_what_cannot_be_read_is_no_fault(monkeypatch: pytest.MonkeyPatch, library: Any) -> None:
    findings = found(monkeypatch, library)
    assert all(one["ok"] for one in findings.values())
    assert findings["GPU: other programs"]["value"] is None


def test_the_real_library_has_all_of_it() -> None:
    check_names(Busy)
