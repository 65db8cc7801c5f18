"""The agent with a GPU: what is particular to one reaches the host."""

import base64
import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from hwnas.devices import agent, nvml
from hwnas.devices.agent import run_job
from hwnas.devices.answers import read_facts, read_findings, read_visit
from hwnas.devices.job import Job
from hwnas.devices.runtimes import gpu_timing
from tests.devices.runtimes.fake_cuda import Gpu
from tests.devices.runtimes.flavours import FLAVOURS
from tests.devices.runtimes.simulated_trt import SimulatedTrt
from tests.devices.test_health_gpu import Busy


@pytest.fixture
def answers(
    gpu: Gpu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[dict[str, Any]]:
    flavour, version = FLAVOURS[1]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "0.onnx").write_bytes(b"model")
    monkeypatch.setitem(sys.modules, flavour, SimulatedTrt(flavour, version, gpu).module)
    monkeypatch.setattr(gpu_timing, "WARM_UP_MS", 1.0)
    gpu.capturable = False
    run_job(
        Job(
            nonce="n",
            runtime=flavour,
            threads=1,
            cores="any",
            least_runs=2,
            graphs=("0.onnx",),
            rounds=((0, (0,)),),
        )
    )
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_product_its_version_and_the_gpu_are_facts(answers: list[dict[str, Any]]) -> None:
    facts = read_facts(answers[2])
    assert (facts.runtime, facts.runtime_version) == FLAVOURS[1]
    assert facts.provider == "TensorRT on Simulated GPU"


def test_the_warnings_of_a_visit_arrive(answers: list[dict[str, Any]]) -> None:
    visit = read_visit(answers[3], ["a"])
    assert visit.samples == pytest.approx((0.4, 0.4))
    assert visit.warnings == ("no_cuda_graph",)


def test_what_the_runtime_was_given_and_keeps_comes_before_it_is_ready(
    answers: list[dict[str, Any]],
) -> None:
    assert [one["event"] for one in answers[:3]] == ["loading", "cache", "ready"]
    assert base64.b64decode(answers[1]["content"]) == b"timings"


def test_building_for_long_gives_signs_of_life(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reported = threading.Semaphore(0)
    write = agent._write
    monkeypatch.setattr(agent, "_BEAT", 0.001)
    monkeypatch.setattr(agent, "_write", lambda *a, **k: (write(*a, **k), reported.release()))
    job = Job(nonce="n", runtime="tensorrt", threads=1, cores="any")
    with agent._signs_of_life(job, 3):
        for _ in range(3):
            assert reported.acquire(timeout=30)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) >= 3
    assert all((one["event"], one["graph"]) == ("loading", 3) for one in lines)


def test_the_health_of_a_gpu_is_that_of_its_machine_and_its_own(
    gpu: Gpu, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flavour, version = FLAVOURS[0]
    monkeypatch.setitem(sys.modules, flavour, SimulatedTrt(flavour, version, gpu).module)
    monkeypatch.setattr(nvml, "pynvml", Busy())
    run_job(Job(nonce="n", runtime=flavour, threads=1, cores="any", task="health"))
    answer = json.loads(capsys.readouterr().out.splitlines()[0])
    names = [one["name"] for one in read_findings(answer)]
    assert {"load", "governor", "GPU driver", "GPU temperature"} <= set(names)
