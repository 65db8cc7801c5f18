"""Jobs through the real agent and the real ONNX Runtime, and agents that misbehave."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.device import Device
from devices.errors import DeviceError
from devices.jobs import Job, Visit, run_job
from devices.transports import TRANSPORTS
from devices.transports.local import LocalTransport
from latency.blocks import ConvBlock
from latency.graph import build_graph

DEVICE = Device(name="here")
GRAPH = build_graph([ConvBlock(3, 8, 3, 2, "relu", 16)]).SerializeToString()
JOB = Job([GRAPH, GRAPH], [(0, [1, 0]), (3, [1])], least_runs=3, least_ms=0.0)


def test_a_job_yields_facts_then_every_visit_in_order() -> None:
    facts, *visits = run_job(DEVICE, JOB)
    assert isinstance(facts, dict)
    assert facts["provider"] == "CPUExecutionProvider"
    assert facts["cores"] >= 1
    assert [(v.round, v.graph) for v in visits if isinstance(v, Visit)] == [(0, 1), (0, 0), (3, 1)]
    assert all(len(v.samples) == 3 and min(v.samples) > 0 for v in visits if isinstance(v, Visit))


def test_a_visit_lasts_as_long_as_asked() -> None:
    job = Job([GRAPH], [(0, [0])], least_runs=1, least_ms=2.0)
    visit = list(run_job(DEVICE, job))[1]
    assert isinstance(visit, Visit)
    assert sum(visit.samples) > 1.0 or len(visit.samples) == 100


def test_a_graph_that_cannot_be_loaded_is_one_sentence() -> None:
    with pytest.raises(DeviceError, match=r"timing on this machine failed: .*cannot load 0\.onnx"):
        list(run_job(DEVICE, Job([b"no model"], [(0, [0])], 1, 0.0)))


class Scripted(LocalTransport):
    """A target that answers what a test says."""

    lines: tuple[str, ...] = ()

    def run_agent(self, folder: str) -> Iterator[str]:
        nonce = json.loads((Path(folder) / "job.json").read_text())["nonce"]
        for line in self.lines:
            yield line.replace("NONCE", nonce)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((), "measured 0 of 3 visits and then stopped"),
        (('{"nonce": "NONCE", "event": "done", "visits": 0}',), "measured 0 of 3 visits"),
        (("Segmentation fault",), "answered something that is not this job's"),
        (('{"nonce": "other", "event": "done", "visits": 3}',), "that is not this job's"),
        (
            ('{"nonce": "NONCE", "event": "visit", "round": 0, "graph": 0, "ms": [-1]}',),
            "a visit that cannot be",
        ),
        (
            ('{"nonce": "NONCE", "event": "visit", "round": 0, "graph": 0, "ms": []}',),
            "a visit that cannot be",
        ),
    ],
)
def test_output_that_is_not_complete_and_of_this_job_does_not_count(
    monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.setattr(Scripted, "lines", lines)
    monkeypatch.setitem(TRANSPORTS, "local", Scripted)
    with pytest.raises(DeviceError) as caught:
        list(run_job(DEVICE, JOB))
    assert sentence in str(caught.value)


def test_the_agent_ends_when_nobody_listens(tmp_path: Path) -> None:
    (tmp_path / "0.onnx").write_bytes(GRAPH)
    rounds = [[number, [0]] for number in range(100_000)]
    job = {"nonce": "n", "runtime": "onnxruntime", "threads": 1, "least_runs": 1, "least_ms": 0,
           "graphs": ["0.onnx"], "rounds": rounds}  # fmt: skip
    (tmp_path / "job.json").write_text(json.dumps(job))
    agent = subprocess.Popen(
        [sys.executable, "-m", "devices.agent", str(tmp_path)], stdout=subprocess.PIPE
    )
    assert agent.stdout is not None
    agent.stdout.readline()
    agent.stdout.close()
    assert agent.wait(timeout=60) == 3
