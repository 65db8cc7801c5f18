"""Which members of a fleet are measured at once, what one that fails does, and the tables."""

import itertools
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import ConfigError, DeviceError
from hwnas.devices.device import Device
from hwnas.devices.location import HERE, Place
from hwnas.devices.stopping import pause
from hwnas.runs import fleet
from hwnas.runs.config import load_run_config
from hwnas.runs.fleet import Member, Outcome, load_fleet, profile_fleet
from hwnas.runs.profile_config import ProfileConfig
from hwnas.spaces import load_space

SPACE = load_space("nas_bench_macro", resolution=8, classes=4)
DEVICES = {
    "a": "name: a\n",
    "b": "name: b\nthreads: 2\n",
    "pi": "name: pi\ntransport: ssh\nhost: pi\n",
    "pixel": "name: pixel\ntransport: adb\n",
}


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Devices of one's own; the current folder is an empty one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HWNAS_CONFIG", str(tmp_path / "config"))
    (tmp_path / "config/devices").mkdir(parents=True)
    for name, text in DEVICES.items():
        (tmp_path / f"config/devices/{name}.yaml").write_text(text)
    return tmp_path


def profiled(
    monkeypatch: pytest.MonkeyPatch, measure: Callable[[str], Any], *names: str
) -> tuple[list[Outcome], list[Outcome]]:
    """Outcomes and early failures of members that a test measures."""

    def profile_space(_: Any, device: Any, *rest: Any) -> Any:
        del rest
        return measure(device.name)

    monkeypatch.setattr(fleet, "profile_space", profile_space)
    failed: list[Outcome] = []
    members = load_fleet(names, None)
    nothing = [lambda *_: None for _ in members]
    return profile_fleet(SPACE, members, ProfileConfig(), nothing, failed.append), failed


@pytest.mark.usefixtures("devices")
def test_machines_are_measured_at_once_and_devices_of_one_machine_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together = threading.Barrier(3, timeout=600)  # breaks unless three are under way
    running: list[str] = []
    seen: list[set[str]] = []

    def measure(name: str) -> str:
        running.append(name)
        if name != "b":
            together.wait()
        seen.append(set(running))
        time.sleep(0.1)
        running.remove(name)
        return f"model of {name}"

    outcomes, failed = profiled(monkeypatch, measure, "a", "pi", "b", "pixel")
    assert [outcome.model for outcome in outcomes] == [
        "model of a",
        "model of pi",
        "model of b",
        "model of pixel",
    ]
    assert not any({"a", "b"} <= names for names in seen)
    assert failed == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_host_without_a_port_joins_those_with_one(order: tuple[int, ...]) -> None:
    ports: list[dict[str, Any]] = [{"port": 22}, {"port": 2222}, {}, {"host": "other"}]
    devices = [
        Device(**{"name": f"d{n}", "transport": "ssh", "host": "pi", **keys})
        for n, keys in enumerate(ports)
    ]
    members = [Member(devices[n].name, devices[n], Path(devices[n].name)) for n in order]
    groups = fleet._groups(members, [HERE] * 4)
    found = sorted(sorted(order[position] for position in group) for group in groups)
    assert found == [[0, 1, 2], [3]]


def test_local_devices_of_one_host_are_one_machine_and_those_of_two_are_not() -> None:
    boards = [Place("the host one", "10.0.0.1"), Place("the host two", "10.0.0.2")]
    places = [HERE, boards[0], boards[1], boards[0], HERE, Place("the host of this machine", "")]
    devices = [Device(name=f"d{number}") for number in range(len(places))]
    members = [Member(device.name, device, Path(device.name)) for device in devices]
    assert sorted(map(sorted, fleet._groups(members, places))) == [[0, 4, 5], [1, 3], [2]]


@pytest.mark.usefixtures("devices")
def test_one_that_fails_stops_neither_others_nor_the_next_of_its_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def measure(name: str) -> str:
        if name == "a":
            raise DeviceError("a has no room")
        if name == "pi":
            raise OSError(28, "No space left on device")
        return name

    outcomes, failed = profiled(monkeypatch, measure, "a", "b", "pi")
    assert [(one.model, one.problem) for one in outcomes] == [
        (None, "a has no room"),
        ("b", ""),
        (None, "cannot read or write: No space left on device"),
    ]
    assert {one.member.name for one in failed} == {"a", "pi"}


@pytest.mark.usefixtures("devices")
def test_an_error_of_ours_is_not_taken_for_a_device_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def measure(name: str) -> str:
        raise AssertionError(name)

    with pytest.raises(AssertionError):
        profiled(monkeypatch, measure, "a", "pi")


@pytest.mark.usefixtures("devices")
def test_a_signal_that_does_not_wake_the_one_who_waits_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def measure(_: str) -> None:
        # As one does that comes just before the main thread waits, which is hard to hit.
        pause(0.2)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        while True:
            pause(0.01)

    # Processes of pytest-xdist are deaf to Ctrl-C itself.
    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            profiled(monkeypatch, measure, "a")
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_every_member_has_the_table_that_a_search_looks_for(devices: Path) -> None:
    (devices / "run.yaml").write_text(
        "space: nas_bench_macro\ndevice: a\ntable: mine.sqlite\ntables: {pi: there.sqlite}\n"
        "accuracy: {estimator: macs}\nsearch: {budgets: {latency: 1 s}}\n"
    )
    members = load_fleet(["a", "b", "pi"], load_run_config("run.yaml"))
    tables = [str(member.table) for member in members]
    assert tables == ["mine.sqlite", "tables/b.sqlite", "there.sqlite"]
    assert [str(member.table) for member in load_fleet(["a", "pi"], None)] == [
        "tables/a.sqlite",
        "tables/pi.sqlite",
    ]


def test_members_that_cannot_be_are_refused(devices: Path) -> None:
    (devices / "other.yaml").write_text("name: a\nthreads: 2\n")
    (devices / "npu.yaml").write_text("name: npu\ntransport: imported\n")
    with pytest.raises(ConfigError, match=r"--device a and other.yaml both measure into tables/a"):
        load_fleet(["a", "other.yaml"], None)
    with pytest.raises(ConfigError, match=r"npu\.yaml cannot be measured"):
        load_fleet(["a", "npu.yaml"], None)
    with pytest.raises(ConfigError, match="there is no device named 'phone'"):
        load_fleet(["a", "phone"], None)
