"""Every finding, good and bad, from fake trees of /sys and /proc and a fake psutil."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace as Record
from typing import Any

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices import conditions, health, installing
from hwnas.devices.affinity import pin
from hwnas.devices.device import Device
from hwnas.devices.health import read_health
from hwnas.devices.target import open_target
from hwnas.devices.transports.local import LocalTransport
from hwnas.devices.uncontrolled import uncontrolled

NAMES = [
    "load",
    "other work",
    "stolen time",
    "temperature",
    "battery",
    "memory",
    "pinned to cores",
    "governor",
    "turbo",
    "clock under load",
    "virtual machine",
    "quota of processor time",
    "free space",
]


class Machine:
    """A psutil that says what a test wants."""

    Error = RuntimeError

    def __init__(self) -> None:
        self.sensors: dict[str, list[Record]] = {}
        self.battery: Record | None = None
        self.memory = Record(available=6e9, total=8e9)
        self.swapped = 0.0
        self.share = 0.0

    def Process(self) -> Record:  # noqa: N802
        return Record(pid=1, parents=lambda: [Record(pid=2)], children=lambda **_: [Record(pid=3)])

    def process_iter(self) -> Iterator[Record]:
        for pid, name in enumerate(["hwnas", "shell", "agent", "chrome", "hidden"], 1):
            asked = partial(self.asked, name)
            yield Record(pid=pid, name=partial(str, name), cpu_percent=asked)

    def asked(self, name: str) -> float:
        if name == "hidden":
            raise self.Error("access denied")
        return 100 * self.share

    def sensors_temperatures(self) -> dict[str, list[Record]]:
        return self.sensors

    def sensors_battery(self) -> Record | None:
        return self.battery

    def virtual_memory(self) -> Record:
        return self.memory

    def swap_memory(self) -> Record:
        return Record(used=self.swapped)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    sensors = made.sensors_temperatures
    monkeypatch.setattr(conditions.psutil, "sensors_temperatures", sensors, raising=False)
    monkeypatch.setattr(health, "psutil", made)
    monkeypatch.setattr(health.os, "cpu_count", lambda: 4)
    return made


def found(
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    pinned: str = "yes",
    cores: Any = "auto",
    threads: int = 1,
    **read: float,
) -> dict[str, dict[str, Any]]:
    monkeypatch.setattr(conditions.Conditions, "read", lambda _: read)
    findings = read_health(pinned, cores, threads, root=root, work=lambda: None)
    return {one["name"]: one for one in findings}


def test_a_machine_at_rest_has_nothing_to_fix(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine.sensors = {"cpu": [Record(current=50.0, high=90.0, critical=None)]}
    machine.battery = Record(percent=80.0, power_plugged=True)
    findings = found(monkeypatch, tmp_path, load=0.3, others=0.01, stolen=0.0)
    assert list(findings) == NAMES
    assert all(one["ok"] for one in findings.values())
    assert findings["temperature"]["value"] == "50 °C, 40 °C below its limit"
    assert findings["battery"]["value"] == "80 %, plugged in"
    assert findings["memory"]["value"] == "6.0 of 8.0 GB available, 0.0 GB swapped out"


def test_everything_that_can_be_wrong_is_found(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine.sensors = {
        "disk": [Record(current=40.0, high=None, critical=None)],
        "cpu": [Record(current=85.0, high=90.0, critical=100.0)],
    }
    machine.battery = Record(percent=30.0, power_plugged=False)
    machine.memory, machine.swapped = Record(available=0.5e9, total=8e9), 1e9
    machine.share = 0.87
    findings = found(
        monkeypatch, tmp_path, pinned="no", cores="any", load=3.5, others=0.25, stolen=0.05
    )
    wrong = [name for name, one in findings.items() if not one["ok"]]
    assert wrong == NAMES[:7]
    assert findings["load"]["value"] == "3.50 on 4 cores"
    # Not this process, not those above and below it.
    assert findings["other work"]["value"] == "100 % of a core (chrome [4] 87 %)"
    assert findings["other work"]["advice"] == "stop chrome [4] while measuring"
    assert findings["stolen time"]["value"] == "20.0 % of a core"
    assert findings["temperature"]["value"] == "85 °C, 5 °C below its limit"
    assert findings["battery"]["value"] == "30 %, on battery"
    assert "write 'cores: auto'" in findings["pinned to cores"]["advice"]


def test_work_that_nobody_owns_here_is_found_too(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del machine
    value = found(monkeypatch, tmp_path, others=0.25)["other work"]["value"]
    assert value == "100 % of a core (of processes that cannot be seen from here)"


@pytest.mark.parametrize(
    ("celsius", "limit", "value", "ok"),
    [
        (95.0, 90.0, "95 °C, 5 °C above its limit", False),
        (88.0, None, "88 °C", False),
        (60.0, None, "60 °C", True),
    ],
)
def test_a_sensor_is_judged_by_its_limit_or_by_the_usual_one(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    celsius: float,
    limit: float | None,
    value: str,
    ok: bool,
) -> None:
    machine.sensors = {"cpu": [Record(current=celsius, high=limit, critical=None)]}
    temperature = found(monkeypatch, tmp_path)["temperature"]
    assert (temperature["value"], temperature["ok"]) == (value, ok)


@pytest.mark.parametrize(("free", "ok"), [(0.9e9, False), (1.1e9, True)])
def test_a_folder_without_room_for_graphs_is_found(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: float, ok: bool
) -> None:
    del machine
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: Record(free=free))
    space = found(monkeypatch, tmp_path)["free space"]
    assert (space["value"], space["ok"]) == (f"{free / 1e9:.1f} GB", ok)
    assert ok or "make room for graphs" in space["advice"]


@pytest.mark.parametrize(
    ("threads", "advice"),
    [(1, "this system pins no threads"), (10_000, "lower the device's 'threads' to ")],
)
def test_why_nothing_is_pinned(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, threads: int, advice: str
) -> None:
    del machine
    findings = found(monkeypatch, tmp_path, pinned="no", threads=threads)
    assert advice in findings["pinned to cores"]["advice"]


def test_without_psutil_the_rest_is_still_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(health, "psutil", None)
    monkeypatch.setattr(conditions, "psutil", None)
    findings = found(monkeypatch, tmp_path, load=0.1)
    assert list(findings) == [*NAMES, "psutil"]
    assert (
        findings["memory"]["advice"]
        == findings["battery"]["advice"]
        == "cannot be read on this machine"
    )
    assert findings["load"]["value"] is not None
    assert findings["psutil"]["ok"]  # no fault of the machine


@pytest.mark.parametrize(
    ("managed", "own", "mend"),
    [
        (False, True, "-m pip install psutil'"),
        (True, False, "-m pip install psutil'"),
        (True, True, "~/hwnas/bin/pip install psutil'"),  # where pip refuses to
    ],
)
def test_how_psutil_is_installed_depends_on_whose_python_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, managed: bool, own: bool, mend: str
) -> None:
    monkeypatch.setattr(health, "psutil", None)
    monkeypatch.setattr(installing.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setattr(sys, "prefix", sys.base_prefix if own else "/a/venv")
    if managed:
        (tmp_path / "EXTERNALLY-MANAGED").write_text("")
    advice = found(monkeypatch, tmp_path)["psutil"]["advice"]
    assert mend in advice
    assert ("by 'python: ~/hwnas/bin/python'" in advice) == (managed and own)


@pytest.mark.parametrize(
    "error",
    [
        NotImplementedError("no cpufreq"),
        FileNotFoundError("/proc/vmstat"),
        PermissionError(13),
        ValueError("'' is not a number"),
        IndexError(),
        KeyError("steal"),
        ZeroDivisionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_reading_that_fails_is_not_readable_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    class Broken:
        """A psutil of which nothing works."""

        Error = RuntimeError

        def __getattr__(self, name: str) -> Any:
            def fail(*_: Any, **__: Any) -> Any:
                raise error

            return fail

    broken = Broken()
    monkeypatch.setattr(health, "psutil", broken)
    monkeypatch.setattr(conditions, "psutil", broken)
    for name in ("getloadavg", "sched_getaffinity", "statvfs"):
        monkeypatch.setattr(os, name, broken.anything)
    monkeypatch.setattr(health.shutil, "disk_usage", broken.anything)
    assert "load" not in conditions.Conditions().read()
    assert pin("auto", 1) == "no"
    findings = {
        f["name"]: f for f in read_health("no", "auto", 1, root=tmp_path, work=lambda: None)
    }
    assert list(findings) == NAMES
    readable = [name for name, one in findings.items() if one["value"] is not None]
    assert readable == ["pinned to cores"]
    assert {"clock", "temperature"} <= {*uncontrolled("no", tmp_path)}


def test_a_target_tells_its_health_and_names_a_busy_neighbour() -> None:
    script = "while True: pass"
    neighbour = subprocess.Popen([sys.executable, "-c", script])
    # Of the agent, this process is a parent and the neighbour none of its own.
    try:
        with open_target(Device(name="here")) as target:
            findings = {one["name"]: one for one in target.health()}
    finally:
        neighbour.kill()
        neighbour.wait()
    assert list(findings) == NAMES
    named = findings["other work"]["advice"]
    assert f"[{neighbour.pid}]" in named or named.count("[") == 5  # as many others are as busy


def test_a_target_that_says_nothing_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalTransport, "run", lambda *_, **__: (line for line in ()))
    with (
        open_target(Device(name="here")) as target,
        pytest.raises(DeviceError, match="here has stopped"),
    ):
        target.health()
