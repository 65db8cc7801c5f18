"""Emulated Arm targets by ssh and by adb, with the agent in C: everything but their times."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from hwnas.core.errors import DeviceError, LinkError
from hwnas.devices.answers import TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.target import Round, Target, open_target
from hwnas.latency.full_check import count, full_check
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.measure import run_sessions
from hwnas.latency.schedule import Schedule
from hwnas.latency.visit_log import MemoryLog
from hwnas.testing.transports import TransportContract
from tests.targets.adbd import AdbTarget, running_adbd
from tests.targets.bundles import bundle
from tests.targets.graphs import GRAPH, IMAGE, graph_of, module
from tests.targets.sshd import SshTarget, running_sshd

KINDS = ("ssh", "adb")


@dataclass(frozen=True)
class Far:
    """A target and the device that leads to it."""

    device: Device
    target: SshTarget | AdbTarget
    folder: Path

    def graphs(self) -> list[Path]:
        """What a device's working folder there holds of jobs."""
        return list(self.folder.glob("*.onnx"))


def by_ssh(target: SshTarget) -> Far:
    device = Device(
        name="far",
        transport="ssh",
        host=target.host,
        ssh_config=str(target.ssh_config),
        agent="native",
        bundle=str(bundle("aarch64").folder),
    )
    return Far(device, target, target.here(target.home) / ".cache/hwnas")


def by_adb(target: AdbTarget) -> Far:
    device = Device(
        name="far",
        transport="adb",
        serial=target.serial,
        agent="native",
        bundle=str(bundle("aarch64").folder),
    )
    return Far(device, target, target.here(f"{target.folder}/hwnas"))


@pytest.fixture(params=KINDS)
def far(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    if request.param == "ssh":
        yield by_ssh(request.getfixturevalue("ssh_arm64"))
        return
    phone = request.getfixturevalue("adb_arm64")
    for name, value in phone.environment.items():
        monkeypatch.setenv(name, value)
    yield by_adb(phone)


class TestContract(TransportContract):
    """Ssh and adb do what every transport must do."""

    @pytest.fixture(autouse=True)
    def reached(self, far: Far) -> None:
        self.device = far.device  # type: ignore[misc]


def answers(target: Target, rounds: int = 2) -> list[Any]:
    return list(target.run([Round(n, ["a"]) for n in range(rounds)], least_runs=2, least_ms=0.0))


def test_a_job_runs_on_arm_and_a_second_one_sends_nothing(far: Far) -> None:
    with open_target(far.device) as target:
        target.add("a", GRAPH)
        facts, *rest = answers(target)
        assert (facts.machine, facts.agent) == ("aarch64", "native")
        assert facts.runtime_version == onnxruntime.__version__
        assert facts.emulated.startswith("qemu-")
        assert sum(isinstance(one, TargetVisit) for one in rest) == 2
        sent = target.sent_bytes
        answers(target)
        assert target.sent_bytes == sent
        assert far.graphs()
    assert not far.graphs()
    assert far.folder.stat().st_mode & 0o777 == 0o700
    with open_target(far.device) as target:  # the bundle is there from the last time
        target.add("a", GRAPH)
        answers(target)
        assert len(GRAPH) < target.sent_bytes < len(GRAPH) + 10_000


def test_arm_computes_what_onnx_runtime_and_pytorch_compute(far: Far) -> None:
    network = module()
    graph = graph_of(network)
    session = onnxruntime.InferenceSession(graph)
    expected = session.run(None, {session.get_inputs()[0].name: IMAGE})[0]
    with open_target(far.device) as target:
        target.add("a", graph)
        (found,) = target.outputs(["a"], IMAGE.ravel().tolist())
    np.testing.assert_allclose(found, expected.ravel(), atol=1e-5)


def test_times_of_an_emulated_target_are_shown_to_nobody(far: Far) -> None:
    log = MemoryLog()
    with pytest.raises(DeviceError, match=r"far is emulated, by qemu-.*: its times say nothing"):
        run_sessions(far.device, {"a": lambda: GRAPH}, log, Schedule())
    assert not list(log.visits())
    assert not far.graphs()
    assert read_fingerprint(far.device).machine == "aarch64"


def test_a_link_that_is_cut_in_a_job_comes_back(far: Far) -> None:
    with open_target(far.device) as target:
        target.add("a", GRAPH)
        job = target.run([Round(n, ["a"]) for n in range(100_000)], least_runs=2, least_ms=1.0)
        assert len([next(job) for _ in range(3)]) == 3
        far.target.cut()
        with pytest.raises(LinkError):
            list(job)
        if isinstance(far.target, AdbTarget):
            with pytest.raises(DeviceError, match=r"cannot reach far by adb: .*not found"):
                target.connect()
            far.target.connect()
        sent = target.sent_bytes
        target.reconnect()
        assert len(answers(target)) == 5
        assert target.sent_bytes == sent


def test_an_agent_that_is_killed_is_told(far: Far) -> None:
    with open_target(far.device) as target:
        target.add("a", GRAPH)
        job = target.run([Round(n, ["a"]) for n in range(100_000)], least_runs=2, least_ms=1.0)
        next(job)
        for process in far.target.processes("/agent"):
            # Not the shell that started it, whose words name it too.
            if b"exit $code" not in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGKILL)
        with pytest.raises(DeviceError, match="the agent on far was ended by signal 9"):
            list(job)
        assert len(answers(target)) == 5


def test_what_the_runtime_refuses_is_one_sentence(far: Far) -> None:
    with open_target(far.device) as target:
        target.add("a", b"no model")
        with pytest.raises(DeviceError, match="timing on far failed: ONNX Runtime cannot load"):
            answers(target)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_one_sentence_and_keeps_no_half(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = 4_000_000  # less than the bundle
    if kind == "ssh":
        with running_sshd("arm64", home_bytes=small) as machine:
            refuses_the_bundle(by_ssh(machine))
    else:
        with running_adbd(folder_bytes=small) as phone:
            for name, value in phone.environment.items():
                monkeypatch.setenv(name, value)
            refuses_the_bundle(by_adb(phone))


def refuses_the_bundle(far: Far) -> None:
    with open_target(far.device) as target:
        target.add("a", GRAPH)
        with pytest.raises(DeviceError, match=r"cannot write .* to the folder of far .*make room"):
            answers(target)
        assert not [path for path in far.folder.iterdir() if path.name.startswith("bundle")]
        assert not list(far.folder.glob("incoming-*"))


def test_a_phone_without_a_fixed_performance_mode_says_so(
    adb_arm64: AdbTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in adb_arm64.environment.items():
        monkeypatch.setenv(name, value)
    asked = by_adb(adb_arm64).device.model_copy(update={"fixed_performance": True})
    with pytest.raises(DeviceError, match="far has no fixed-performance mode"):
        open_target(asked).__enter__()


def test_a_phone_that_is_not_there_is_one_sentence(
    adb_arm64: AdbTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in adb_arm64.environment.items():
        monkeypatch.setenv(name, value)
    gone = by_adb(adb_arm64).device.model_copy(update={"serial": "NOBODY"})
    with pytest.raises(DeviceError, match=r"cannot reach far by adb: .*; run 'adb devices'"):
        open_target(gone).__enter__()


def test_the_full_check_finds_nothing_wrong(far: Far) -> None:
    outcomes = list(full_check(far.device, {}))
    assert [outcome for outcome in outcomes if not outcome.ok] == []
    assert len(outcomes) == count({})
    assert f"agent native {bundle('aarch64').libraries}, " in outcomes[0].sentence
    assert "emulated by qemu-aarch64" in outcomes[0].sentence
    assert far.graphs() == []
