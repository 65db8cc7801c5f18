"""The agent's own loop: rest, heat, and what it says of the machine."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hwnas.devices import agent
from hwnas.devices.agent import run_job
from hwnas.devices.emulation import emulator
from hwnas.devices.job import Job
from hwnas.devices.machine import core_count
from hwnas.devices.uncontrolled import uncontrolled
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.graph import build_graph


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    graph = build_graph([ConvBlock(3, 8, 3, 2, "relu", 16)])
    (tmp_path / "0.onnx").write_bytes(graph.SerializeToString())
    return tmp_path


def job(**keys: Any) -> Job:
    return Job(
        nonce="n",
        runtime="onnxruntime",
        threads=1,
        cores="any",
        least_runs=1,
        graphs=("0.onnx",),
        rounds=((0, (0,)), (1, (0,))),
        **keys,
    )


def answers(capsys: pytest.CaptureFixture[str], asked: Job) -> list[dict[str, Any]]:
    run_job(asked)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("folder")
def test_a_round_waits_until_the_chip_is_cool_enough(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = iter([50.0, 61.0, 59.0, 58.5, 56.0])
    slept: list[float] = []
    monkeypatch.setattr(agent, "hottest", lambda: next(readings))
    monkeypatch.setattr(agent.time, "sleep", slept.append)
    found = answers(capsys, job(limit_celsius=60.0, rest_s=0.5))
    assert [one["event"] for one in found] == [
        "loading",
        "ready",
        "visit",
        "round",
        "waiting",
        "waiting",
        "waiting",
        "visit",
        "round",
        "done",
    ]
    assert [one["celsius"] for one in found if one["event"] == "waiting"] == [61.0, 59.0, 58.5]
    assert slept == [0.5, 0.5, 5.0, 5.0, 5.0]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("celsius", "rest", "steps"),
    [
        (41.5, 12.0, [5.0, 5.0, 2.0]),
        (None, 10.0, [5.0, 5.0]),
        (41.5, 5.0, [5.0]),
    ],
)
def test_a_long_rest_gives_signs_of_life(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    celsius: float | None,
    rest: float,
    steps: list[float],
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(agent, "hottest", lambda: celsius)
    monkeypatch.setattr(agent.time, "sleep", slept.append)
    found = answers(capsys, job(rest_s=rest))
    assert slept == 2 * steps
    reported = ["waiting"] * (len(steps) - 1)
    assert [one["event"] for one in found] == [
        "loading",
        "ready",
        *reported,
        "visit",
        "round",
        *reported,
        "visit",
        "round",
        "done",
    ]
    assert all(one["celsius"] == celsius for one in found if one["event"] == "waiting")


@pytest.mark.usefixtures("folder")
def test_a_chip_that_stays_hot_is_measured_in_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 100_000, 100))
    monkeypatch.setattr(agent, "hottest", lambda: 90.0)
    monkeypatch.setattr(agent.time, "sleep", lambda _: None)
    monkeypatch.setattr(agent.time, "monotonic", lambda: next(clock))
    found = answers(capsys, job(limit_celsius=60.0))
    assert found[-1] == {"nonce": "n", "event": "done", "visits": 2}
    assert any(one["event"] == "waiting" for one in found)


@pytest.mark.usefixtures("folder")
def test_a_machine_without_sensors_does_not_wait(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "hottest", lambda: None)
    found = answers(capsys, job(limit_celsius=60.0))
    assert not any(one["event"] == "waiting" for one in found)
    facts = found[1]["facts"]
    assert (facts["agent"], facts["emulated"]) == ("python", "")
    assert "pinning" in facts["uncontrolled"]


def test_what_is_set_or_read_is_not_left_to_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Conditions:
        def read(self) -> dict[str, float]:
            return {"mhz": 1800.0, "celsius": 40.0}

    monkeypatch.setattr("hwnas.devices.uncontrolled.Conditions", Conditions)
    for core, governor in enumerate(("performance", "performance")):
        folder = tmp_path / f"sys/devices/system/cpu/cpu{core}/cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(f"{governor}\n")
    assert uncontrolled("yes", tmp_path) == []
    (folder / "scaling_governor").write_text("schedutil\n")
    assert uncontrolled("no", tmp_path) == ["pinning", "governor"]


@pytest.mark.parametrize(
    ("present", "count"),
    [
        ("0-7", 8),
        ("0", 1),
        ("0-3,6,8-9", 7),
        ("", None),
        ("all", None),
        ("0-", None),
        ("7-0", None),
        (None, None),
    ],
)
def test_cores_that_are_switched_off_count_too(
    tmp_path: Path, present: str | None, count: int | None
) -> None:
    folder = tmp_path / "sys/devices/system/cpu"
    folder.mkdir(parents=True)
    if present is not None:
        (folder / "present").write_text(f"{present}\n")
    (folder / "online").write_text("0-1\n")
    assert core_count(tmp_path) == (count or os.cpu_count())


def test_an_emulator_is_seen_by_its_link_or_by_the_processor(tmp_path: Path) -> None:
    assert emulator() == ""
    thread = tmp_path / f"proc/self/task/{os.getpid()}"
    thread.mkdir(parents=True)
    (tmp_path / "proc/cpuinfo").write_text("processor : 0\nvendor_id : GenuineIntel\n")
    assert emulator(tmp_path, "x86_64") == ""
    assert emulator(tmp_path, "aarch64") == "an emulator on x86"
    (thread / "exe").symlink_to("/usr/bin/qemu-aarch64-static")
    assert emulator(tmp_path, "aarch64") == "qemu-aarch64-static"
