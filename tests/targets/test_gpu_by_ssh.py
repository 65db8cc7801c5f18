"""A machine with a (simulated) GPU that is reached by ssh: a real sshd, the agent in Python."""

from pathlib import Path
from typing import Any

import pytest

from hwnas.devices import conversation
from hwnas.devices.device import Device
from hwnas.latency.engine import build_engine
from hwnas.latency.measure import run_sessions
from hwnas.latency.schedule import Schedule
from hwnas.latency.visit_log import MemoryLog
from hwnas.networks.blocks import Head
from hwnas.networks.graph import build_graph
from tests.devices.runtimes.flavours import FLAVOURS
from tests.devices.runtimes.simulated_python import simulated_python
from tests.targets.sshd import SshTarget

MODEL = build_graph((Head(16, 1280, 0, 1000, "relu", 4),)).SerializeToString()
SCHEDULE = Schedule(sessions=2, most_sessions=2, rounds=3)


@pytest.fixture
def box(ssh_x86: SshTarget, tmp_path: Path) -> Device:
    flavour, version = FLAVOURS[0]
    return Device(
        name="box",
        transport="ssh",
        host=ssh_x86.host,
        cores="any",
        runtime=flavour,
        ssh_config=str(ssh_x86.ssh_config),
        python=str(simulated_python(tmp_path, flavour, version)),
    )


def test_graphs_are_timed_there_and_the_cache_comes_back(box: Device) -> None:
    log = MemoryLog()
    run_sessions(box, {"a": lambda: MODEL}, log, SCHEDULE)
    assert len(list(log.visits())) == 6
    assert log.cache() == b"timings"
    assert log.fingerprint is not None
    assert log.fingerprint.provider == "TensorRT on Simulated GPU"


def test_an_engine_comes_back_whole(box: Device) -> None:
    built = build_engine(box, MODEL, [0.5] * (16 * 4 * 4), cache=b"earlier")
    assert bytes(built.content).endswith(MODEL)
    assert len(built.outputs) == 1000


def test_a_link_that_breaks_while_an_engine_comes_is_taken_up_again(
    box: Device, ssh_x86: SshTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, cut = conversation.read_answer, []

    def breaking(line: str, nonce: str) -> dict[str, Any]:
        message = read(line, nonce)
        if message["event"] == "engine" and not cut:
            cut.append(message)
            ssh_x86.cut()
        return message

    monkeypatch.setattr(conversation, "read_answer", breaking)
    built = build_engine(box, MODEL, [0.5] * (16 * 4 * 4))
    assert cut
    assert bytes(built.content).endswith(MODEL)
