"""Measuring on another machine by ssh: a real sshd, x86, with the agent in Python."""

import os
import signal
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

from hwnas.core.errors import DeviceError, LinkError, ProgramError
from hwnas.devices.answers import TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.target import Round, Target, open_target
from hwnas.latency.measure import run_sessions
from hwnas.latency.schedule import Schedule
from hwnas.latency.visit_log import MemoryLog
from hwnas.latency.visits import Visit as StoredVisit
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.graph import build_graph
from tests.targets.sshd import SshTarget, running_sshd

GRAPH = build_graph([ConvBlock(3, 8, 3, 2, "relu", 16)]).SerializeToString()
OTHER = build_graph([ConvBlock(3, 16, 3, 2, "relu", 16)]).SerializeToString()


def device(machine: SshTarget, **keys: object) -> Device:
    content = {
        "name": "box",
        "transport": "ssh",
        "host": machine.host,
        "python": sys.executable,
        "ssh_config": str(machine.ssh_config),
        **keys,
    }
    return Device.model_validate(content)


def visits(target: Target, rounds: int = 2) -> list[TargetVisit]:
    job = target.run([Round(n, ["a"]) for n in range(rounds)], least_runs=2, least_ms=0.0)
    return [answer for answer in job if isinstance(answer, TargetVisit)]


def graphs_on(machine: SshTarget) -> list[Path]:
    return list(machine.here(machine.home).rglob("*.onnx"))


def test_a_job_runs_there_and_nothing_of_it_stays(ssh_x86: SshTarget) -> None:
    with open_target(device(ssh_x86)) as target:
        target.add("a", GRAPH)
        assert [len(visit.samples) for visit in visits(target)] == [2, 2]
        assert graphs_on(ssh_x86)
    assert not graphs_on(ssh_x86)


def test_a_second_job_sends_nothing(ssh_x86: SshTarget) -> None:
    with open_target(device(ssh_x86)) as target:
        target.add("a", GRAPH)
        visits(target)
        sent = target.sent_bytes
        visits(target)
        assert target.sent_bytes == sent > 0
        target.add("b", OTHER)
        list(target.run([Round(0, ["b"])], least_runs=1, least_ms=0.0))
        assert sent < target.sent_bytes < sent + 3 * len(OTHER) + 20_000
    with open_target(device(ssh_x86)) as target:  # the agent is there from the last time
        target.add("a", GRAPH)
        visits(target)
        assert target.sent_bytes < 3 * len(GRAPH) + 20_000


def test_it_computes_what_the_machine_here_computes(ssh_x86: SshTarget) -> None:
    image = [((7 * index) % 11 - 5) / 5 for index in range(3 * 16 * 16)]
    found = []
    for one in (Device(name="here"), device(ssh_x86)):
        with open_target(one) as target:
            target.add("a", GRAPH)
            target.add("b", OTHER)
            found.append(target.outputs(["a", "b"], image))
    assert found[0] == found[1]
    assert [len(values) for values in found[0]] == [8 * 8 * 8, 16 * 8 * 8]


def test_what_the_runtime_refuses_is_one_sentence_and_the_target_goes_on(
    ssh_x86: SshTarget,
) -> None:
    with open_target(device(ssh_x86)) as target:
        target.add("a", b"no model")
        with pytest.raises(ProgramError, match=r"timing on box failed: ONNX Runtime cannot load"):
            visits(target)
        target.add("a", GRAPH)
        assert len(visits(target)) == 2


class CuttingLog(MemoryLog):
    """Keeps visits, and cuts the link when it has some."""

    def __init__(self, machine: SshTarget, cuts: list[int]) -> None:
        super().__init__()
        self.cuts = cuts
        self._machine = machine

    def add(self, visits: Sequence[StoredVisit]) -> None:
        super().add(visits)
        if self.cuts and len(list(self.visits())) >= self.cuts[0]:
            self.cuts.pop(0)
            self._machine.cut()


def test_measuring_goes_on_after_the_link_was_cut(ssh_x86: SshTarget) -> None:
    log = CuttingLog(ssh_x86, [3, 60, 250])
    plan = Schedule(sessions=2, most_sessions=2, rounds=100, least_ms=5.0)
    run_sessions(device(ssh_x86), {"a": lambda: GRAPH, "b": lambda: OTHER}, log, plan)
    assert not log.cuts
    found = [(visit.graph, visit.session, visit.round) for visit in log.visits()]
    assert len(found) == len(set(found)) == 2 * 2 * 100
    assert not graphs_on(ssh_x86)


def test_a_job_that_is_cut_off_is_told_and_what_came_is_there(ssh_x86: SshTarget) -> None:
    with open_target(device(ssh_x86)) as target:
        target.add("a", GRAPH)
        job = target.run([Round(n, ["a"]) for n in range(100_000)], least_runs=2, least_ms=1.0)
        came = [next(job) for _ in range(5)]
        ssh_x86.cut()
        with pytest.raises(LinkError):
            list(job)
        assert any(isinstance(one, TargetVisit) for one in came)
        target.reconnect()
        assert len(visits(target)) == 2  # as soon as the first agent has given the folder free


def test_an_agent_that_is_killed_is_one_sentence(ssh_x86: SshTarget) -> None:
    with open_target(device(ssh_x86)) as target:
        target.add("a", GRAPH)
        job = target.run([Round(n, ["a"]) for n in range(100_000)], least_runs=2, least_ms=1.0)
        for _ in range(5):
            next(job)
        for process in ssh_x86.processes("agent-"):
            # Not the shell that started it, whose words name it too.
            if b"exit $code" not in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGKILL)
        with pytest.raises(DeviceError, match="the agent on box was ended by signal 9"):
            list(job)


def test_a_machine_that_is_gone_for_good_is_given_up(
    ssh_x86: SshTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.devices.target.PAUSES_S", (0.1, 0.1))
    nobody = tmp_path / "config"
    text = ssh_x86.ssh_config.read_text().replace(f"Port {ssh_x86.port}", "Port 1")
    nobody.write_text(text)
    gone = device(ssh_x86, ssh_config=str(nobody))
    with pytest.raises(DeviceError, match=r"cannot reach box by ssh: .*refused; check 'port'"):
        open_target(gone).__enter__()


def test_a_key_that_is_not_the_known_one_is_refused() -> None:
    with (
        running_sshd("x86", wrong_host_key=True) as machine,
        pytest.raises(DeviceError, match=r"Host key verification failed.*compare the key"),
    ):
        open_target(device(machine)).__enter__()


def test_a_full_disk_is_one_sentence_and_keeps_no_half() -> None:
    with running_sshd("x86", home_bytes=400_000) as machine:
        with open_target(device(machine)) as target:
            target.add("a", GRAPH + bytes(1_000_000))
            with pytest.raises(
                DeviceError, match=r"cannot write .* to the folder of box .*make room"
            ):
                visits(target)
            assert not graphs_on(machine)
            target.add("a", GRAPH)
            assert len(visits(target)) == 2
        assert not list(machine.here(machine.home).rglob("incoming-*"))


def test_a_target_without_the_runtime_or_without_python_says_what_to_install(
    ssh_x86: SshTarget, tmp_path: Path
) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    for python, sentence in (
        (
            str(tmp_path / "bare/bin/python"),
            "on box lacks the package (onnxruntime|numpy): make a Python env",
        ),
        ("/opt/no/python3", "box has no /opt/no/python3: install it"),
    ):
        with open_target(device(ssh_x86, python=python)) as target:
            target.add("a", GRAPH)
            with pytest.raises(DeviceError, match=sentence):
                visits(target)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("yes garbage", "that is not an answer to this job: 'garbage'"),
        ("exit 0", "box measured 0 of 2 visits and then stopped"),
        ("head -c 20000000 /dev/zero", "box sends a line without an end"),
        ("echo broken >&2; exit 9", "timing on box failed: broken"),
    ],
)
def test_a_broken_target_does_no_harm(
    ssh_x86: SshTarget, tmp_path: Path, script: str, sentence: str
) -> None:
    program = tmp_path / "python3"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with open_target(device(ssh_x86, python=str(program))) as target:
        target.add("a", GRAPH)
        with pytest.raises(DeviceError, match=sentence):
            visits(target)


def test_nothing_of_a_device_reaches_a_shell_unquoted(ssh_x86: SshTarget, tmp_path: Path) -> None:
    strange = tmp_path / "a 'b' $(touch oops); touch oops #"
    with open_target(device(ssh_x86, folder=str(strange))) as target:
        target.add("a", GRAPH)
        assert len(visits(target)) == 2
        assert list((strange / "hwnas").glob("*.onnx"))
    with open_target(device(ssh_x86, python="python3; touch oops")) as target:
        target.add("a", GRAPH)
        with pytest.raises(DeviceError, match="box has no python3; touch oops"):
            visits(target)
    assert not list(tmp_path.rglob("oops"))
    assert not list(ssh_x86.here(ssh_x86.home).rglob("oops"))
