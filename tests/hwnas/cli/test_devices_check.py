"""`hwnas devices check`, on this machine and on machines as good and as poor as a test wants."""

from pathlib import Path
from typing import Any

import pytest

from hwnas.devices.target import Target
from hwnas.latency import full_check as full
from hwnas.latency import noise
from hwnas.latency.noise import Noise
from tests.hwnas.cli.conftest import Terminal

QUIET = Noise(0.004, 0.03, 0.0, 0.012, 0.01, 0.1, 2.0, 10.0)
POOR = Noise(0.08, 0.5, 0.4, -0.2, 0.3, 0.1, 2.0, 10.0)
FINDINGS = [
    {"name": "load", "value": "0.10 on 2 cores", "ok": True, "advice": ""},
    {"name": "governor", "value": "powersave", "ok": False, "advice": "run 'echo performance'"},
    {"name": "turbo", "value": None, "ok": True, "advice": "not readable here"},
    {"name": "memory", "value": None, "ok": True, "advice": "not readable here"},
    {
        "name": "psutil",
        "value": "not installed",
        "ok": True,
        "advice": "run 'pip install psutil' there",
    },
]


def machine(monkeypatch: pytest.MonkeyPatch, figures: Noise) -> None:
    def check(*_: Any, progress: Any) -> Noise:
        progress(6, 6)
        return figures

    monkeypatch.setattr(noise, "check_noise", check)
    monkeypatch.setattr(Target, "health", lambda _: FINDINGS)


def test_this_machine_is_checked(
    folder: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noise.Check.__init__, "__defaults__", (2, 0.0, 2, 2, 0.0))
    before = sorted(folder.rglob("*"))
    answer = terminal("devices", "check", "local_cpu", "--json")
    assert answer.code == 0
    assert answer.document["device"] == "local_cpu"
    assert answer.document["grade"] in ("good", "usable", "poor")
    assert answer.document["verdict"].startswith(answer.document["grade"])
    assert answer.document["noise"]["network_ms"] > 0
    assert {one["name"] for one in answer.document["findings"]} >= {"load", "governor", "battery"}
    assert "measuring the noise of local_cpu: 2 of 2 sessions" in answer.stderr
    assert sorted(folder.rglob("*")) == before


def test_a_quiet_machine_is_good(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, QUIET)
    answer = terminal("devices", "check", "local_cpu")
    assert answer.code == 0
    lines = answer.stdout.splitlines()
    assert lines[-1].startswith("local_cpu is good: measuring twice differs by 0.4 %")
    assert "governor: run 'echo performance'" in lines
    assert "psutil: run 'pip install psutil' there" in lines
    assert "not readable here: turbo, memory" in lines  # once
    assert answer.stdout.count("not readable here") == 1
    for words in ("powersave", "see below", "+1.2 %", "network of 2 ms"):
        assert words in answer.stdout


def test_a_poor_machine_is_no_error(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, POOR)
    answer = terminal("devices", "check", "local_cpu")
    assert answer.code == 0
    assert "local_cpu is poor: measuring twice differs by 8.0 %" in answer.stdout
    assert answer.stdout.splitlines()[-1].endswith("look first at: governor")


def test_a_device_that_is_not_known_is_one_sentence(terminal: Terminal) -> None:
    answer = terminal("devices", "check", "phone")
    assert answer.code == 2
    assert answer.stdout == ""
    assert "there is no device named 'phone'" in answer.stderr


def outcomes(monkeypatch: pytest.MonkeyPatch, *ok: bool) -> None:
    found = [full.CheckOutcome(f"check {n}", one, f"sentence {n}") for n, one in enumerate(ok)]
    monkeypatch.setattr(full, "full_check", lambda *_: iter(found))


def test_the_full_check_of_this_machine_passes(terminal: Terminal) -> None:
    answer = terminal("devices", "check", "--full", "local_cpu", "--json")
    assert (answer.code, answer.document["ok"]) == (0, True)
    names = [check["name"] for check in answer.document["checks"]]
    assert "computes mobilenet_v3_small as ONNX Runtime does here" in names
    assert f"checking local_cpu: {len(names)} of {len(names)} checks" in answer.stderr


def test_a_check_that_failed_is_exit_code_2(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes(monkeypatch, True, False)
    answer = terminal("devices", "check", "--full", "local_cpu")
    assert answer.code == 2
    assert answer.stdout.splitlines() == [
        "ok      check 0: sentence 0",
        "failed  check 1: sentence 1",
        "local_cpu: 1 of 2 checks failed",
    ]
    document = terminal("devices", "check", "--full", "local_cpu", "--json").document
    assert (document["ok"], document["checks"][1]["ok"]) == (False, False)


def test_an_imported_device_cannot_be_checked(npu: Path, terminal: Terminal) -> None:
    for words in (["--full"], []):
        answer = terminal("devices", "check", *words, str(npu / "npu.yaml"))
        assert (answer.code, answer.stdout) == (2, "")
        assert "npu cannot be measured: its timings were imported" in answer.stderr
