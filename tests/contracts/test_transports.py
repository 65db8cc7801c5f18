"""What every registered transport must do."""

import json
from pathlib import Path

import pytest

from devices.errors import DeviceError
from devices.transports import TRANSPORTS, Transport
from latency.blocks import ConvBlock
from latency.graph import build_graph


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest):
    opened = TRANSPORTS[request.param]()
    yield opened
    opened.close()


def job(folder: Path, rounds: list[list[object]]) -> Path:
    graph = build_graph([ConvBlock(3, 8, 3, 2, "relu", 16)])
    (folder / "0.onnx").write_bytes(graph.SerializeToString())
    content = {"nonce": "abc", "runtime": "onnxruntime", "threads": 1,
               "cores": "auto", "least_runs": 2, "least_ms": 0.0, "graphs": ["0.onnx"],
               "rounds": rounds}  # fmt: skip
    (folder / "job.json").write_text(json.dumps(content))
    return folder


def test_a_pushed_job_runs_and_answers_with_its_nonce(transport: Transport, tmp_path: Path) -> None:
    there = transport.push(job(tmp_path, [[0, [0]], [1, [0]]]))
    answers = [json.loads(line) for line in transport.run_agent(there)]
    assert [answer["event"] for answer in answers] == [
        "ready",
        "visit",
        "round",
        "visit",
        "round",
        "done",
    ]
    assert {answer["nonce"] for answer in answers} == {"abc"}
    assert all(len(a["ms"]) == 2 for a in answers if a["event"] == "visit")


def test_an_agent_that_fails_is_one_sentence_with_what_it_said(
    transport: Transport, tmp_path: Path
) -> None:
    folder = job(tmp_path, [[0, [0]]])
    (folder / "0.onnx").write_bytes(b"no model")
    with pytest.raises(DeviceError, match=r"failed: .*cannot load 0\.onnx"):
        list(transport.run_agent(transport.push(folder)))


def test_a_job_that_is_left_in_the_middle_ends(transport: Transport, tmp_path: Path) -> None:
    lines = transport.run_agent(transport.push(job(tmp_path, [[n, [0]] for n in range(100_000)])))
    next(lines)
    lines.close()  # type: ignore[attr-defined]
    assert list(lines) == []
