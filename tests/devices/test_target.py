"""Jobs through the real agent and the real ONNX Runtime, and agents that misbehave."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import DeviceError, LinkError, ProgramError
from hwnas.devices.answers import Facts, RoundEnd, TargetVisit
from hwnas.devices.deployments.python import PythonDeployment
from hwnas.devices.device import Device
from hwnas.devices.job import Job
from hwnas.devices.target import Round, open_target
from hwnas.devices.transports.local import LocalTransport
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.graph import build_graph
from tests.devices.parts import use_transport

DEVICE = Device(name="here")
GRAPH = build_graph([ConvBlock(3, 8, 3, 2, "relu", 16)]).SerializeToString()
ROUNDS = [Round(0, ["b", "a"]), Round(3, ["b"])]


def run(
    models: dict[str, bytes], rounds: list[Round], least_runs: int = 3, least_ms: float = 0.0
) -> list[Facts | TargetVisit | RoundEnd]:
    with open_target(DEVICE) as target:
        for name, model in models.items():
            target.add(name, model)
        return list(target.run(rounds, least_runs=least_runs, least_ms=least_ms))


def test_a_job_yields_facts_then_every_visit_in_order() -> None:
    facts, *answers = run({"a": GRAPH, "b": GRAPH, "unused": b"no model"}, ROUNDS)
    assert isinstance(facts, Facts)
    assert facts.provider == "CPUExecutionProvider"
    assert facts.cores >= 1
    visits = [answer for answer in answers if isinstance(answer, TargetVisit)]
    assert [(v.round, v.graph) for v in visits] == [(0, "b"), (0, "a"), (3, "b")]
    assert all(len(v.samples) == 3 and min(v.samples) > 0 for v in visits)


def test_every_round_ends_with_what_the_machine_was_like() -> None:
    answers = run({"a": GRAPH, "b": GRAPH}, ROUNDS)
    ends = [answer for answer in answers if isinstance(answer, RoundEnd)]
    assert [end.round for end in ends] == [0, 3]
    assert answers[-1] is ends[-1]
    for end in ends:
        assert end.conditions["load"] >= 0
        assert 0 <= end.conditions.get("others", 0) <= 1  # absent when no time has passed


def test_several_jobs_use_the_graphs_that_were_added_once() -> None:
    with open_target(DEVICE) as target:
        target.add("a", GRAPH)
        assert target.holds("a")
        assert target.size("a") == len(GRAPH)
        for _ in range(2):
            answers = list(target.run([Round(0, ["a"])], least_runs=1, least_ms=0.0))
            assert [type(answer) for answer in answers] == [Facts, TargetVisit, RoundEnd]


def test_a_visit_lasts_as_long_as_asked() -> None:
    visit = run({"a": GRAPH}, [Round(0, ["a"])], least_runs=1, least_ms=2.0)[1]
    assert isinstance(visit, TargetVisit)
    assert sum(visit.samples) > 1.0 or len(visit.samples) == 100


def test_a_graph_that_cannot_be_loaded_is_one_sentence() -> None:
    with pytest.raises(
        DeviceError, match=r"timing on this machine failed: .*cannot load [0-9a-f]+\.onnx"
    ):
        run({"a": b"no model"}, [Round(0, ["a"])])


def test_cores_that_cannot_be_had_are_one_sentence() -> None:
    device = DEVICE.model_copy(update={"cores": (4096,)})
    with open_target(device) as target:
        target.add("a", GRAPH)
        with pytest.raises(DeviceError, match=r"the cores \[4096\] cannot be used"):
            list(target.run([Round(0, ["a"])], least_runs=1, least_ms=0.0))


def test_operators_come_from_the_profile_of_the_runtime() -> None:
    with open_target(DEVICE) as target:
        target.add("a", GRAPH)
        operators = target.operators("a", runs=3)
    assert any("Conv" in operator["type"] for operator in operators)
    assert all(operator["ms"] >= 0 for operator in operators)


class Scripted(LocalTransport):
    """A target that answers what a test says."""

    lines: tuple[str, ...] = ()
    crashes = False

    def run(self, command: Sequence[str], given: str, last: Any = None) -> Iterator[str]:
        del command, last
        nonce = Job.from_text(given).nonce
        for line in self.lines:
            yield line.replace("NONCE", nonce)
        if self.crashes:
            raise ProgramError("there", -11, "")


FACTS = {
    "machine": "m",
    "cpu": "c",
    "cores": 1,
    "pinned": "no",
    "agent": "python",
    "runtime": "r",
    "runtime_version": "1",
    "provider": "p",
    "emulated": "",
    "uncontrolled": [],
}


def line(event: str, **content: Any) -> str:
    return json.dumps({"nonce": "NONCE", "event": event, **content})


READY = line("ready", facts=FACTS)


def visited(ms: object, number: object = 0, graph: object = 0) -> tuple[str, str]:
    return READY, line("visit", round=number, graph=graph, ms=ms)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((), "measured 0 of 3 visits and then stopped"),
        ((line("done", visits=0),), "measured 0 of 3 visits"),
        (("Segmentation fault",), "sent a line that is not an answer to this job"),
        ((line("done", visits=3).replace("NONCE", "other"),), "that is not an answer to this job"),
        (visited([-1]), "an invalid visit"),
        (visited([]), "an invalid visit"),
        (visited([float("nan")]), "an invalid visit"),
        (visited([True]), "an invalid visit"),
        (visited("123"), "an invalid visit"),
        (visited([10**400]), "an invalid visit"),
        (visited([1] * 100_001), "an invalid visit"),
        (visited([1], graph=-1), "an invalid visit"),
        (visited([1], number=2**70), "an invalid visit"),
        (visited([1], number=-5), "an invalid visit"),
        (visited([1])[1:], "does not follow its job"),  # before it has said what it is
        ((READY, READY), "does not follow its job"),
        ((*visited([1]), visited([1])[1]), "does not follow its job"),  # the same once more
        (visited([1], graph=1), "does not follow its job"),  # another's turn
        (visited([1], number=3), "does not follow its job"),
        ((READY, line("round", round=0, conditions={})), "does not follow its job"),
        ((READY, line("dance")), "does not follow its job"),
        ((READY, line("waiting", celsius="hot")), "an invalid temperature"),
        ((line("ready", facts={**FACTS, "cpu": "\x1b[2J"}),), "invalid facts"),
        ((line("ready", facts={**FACTS, "cores": "2"}),), "invalid facts"),
        ((line("ready", facts={}),), "invalid facts"),
        ((READY, line("round", round=0, conditions={"mhz": "x"})), "an invalid end of a round"),
        ((line("loading"),) * 2000, "more than it was asked for"),
        ((READY, line("loading")[:-9]), "stopped; run the same"),  # as when a link breaks
        ((READY, line("loading")[:-9], line("loading")), "that is not an answer to this job"),
    ],
)
def test_output_that_is_not_complete_and_of_this_job_does_not_count(
    monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.setattr(Scripted, "lines", lines)
    use_transport(monkeypatch, "local", Scripted)
    with pytest.raises(DeviceError) as caught:
        run({"b": GRAPH, "a": GRAPH}, ROUNDS)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "finding",
    [
        {},
        {"name": "load", "value": "1", "ok": True, "advice": "\x1b]52;c;x\x07"},
        {"name": "load", "value": 1, "ok": True, "advice": ""},
        [],
    ],
)
def test_findings_of_a_target_are_read_strictly(
    monkeypatch: pytest.MonkeyPatch, finding: object
) -> None:
    monkeypatch.setattr(
        Scripted, "lines", (line("health", findings=[finding]), line("done", visits=0))
    )
    use_transport(monkeypatch, "local", Scripted)
    with open_target(DEVICE) as target, pytest.raises(DeviceError, match="invalid findings"):
        target.health()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9: .* too little memory"),
        ("import sys; sys.exit(139)", "was ended by signal 11: it crashed"),
        ("import sys; sys.stderr.write('busy'); sys.exit(4)", "here: busy"),
    ],
)
def test_how_an_agent_ended_is_told(
    monkeypatch: pytest.MonkeyPatch, code: str, sentence: str
) -> None:
    monkeypatch.setattr(PythonDeployment, "command", lambda _: [sys.executable, "-c", code])
    with open_target(DEVICE) as target:
        target.add("a", GRAPH)
        with pytest.raises(DeviceError, match=sentence):
            list(target.run([Round(0, ["a"])], least_runs=1, least_ms=0.0))


def test_the_agent_ends_when_nobody_listens(tmp_path: Path) -> None:
    (tmp_path / "0.onnx").write_bytes(GRAPH)
    rounds = tuple((number, (0,)) for number in range(100_000))
    job = Job(
        nonce="n",
        runtime="onnxruntime",
        threads=1,
        cores="auto",
        least_runs=1,
        graphs=("0.onnx",),
        rounds=rounds,
    )
    (tmp_path / "job.txt").write_text(job.to_text())
    with (tmp_path / "job.txt").open() as given:
        agent = subprocess.Popen(
            [sys.executable, "-m", "hwnas.devices.agent"],
            cwd=tmp_path,
            stdin=given,
            stdout=subprocess.PIPE,
        )
    assert agent.stdout is not None
    agent.stdout.readline()
    agent.stdout.close()
    assert agent.wait(timeout=600) == 3


def test_a_crash_after_the_last_answer_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    visits = [line("visit", round=n, graph=g, ms=[1.0]) for n, g in ((0, 0), (0, 1), (3, 0))]
    ends = [line("round", round=n, conditions={}) for n in (0, 3)]
    whole = (READY, *visits[:2], ends[0], visits[2], ends[1], line("done", visits=3))
    use_transport(monkeypatch, "local", Scripted)
    monkeypatch.setattr(Scripted, "lines", whole)
    monkeypatch.setattr(Scripted, "crashes", True)
    assert len(run({"b": GRAPH, "a": GRAPH}, ROUNDS)) == 6
    monkeypatch.setattr(Scripted, "lines", whole[:-1])
    with pytest.raises(DeviceError, match="was ended by signal 11"):
        run({"b": GRAPH, "a": GRAPH}, ROUNDS)


def test_answers_that_are_nested_without_an_end_are_no_broken_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nested = line("health", findings="DEEP").replace('"DEEP"', "[" * 100_000 + "]" * 100_000)
    monkeypatch.setattr(Scripted, "lines", (nested,))
    use_transport(monkeypatch, "local", Scripted)
    with (
        open_target(DEVICE) as target,
        pytest.raises(DeviceError, match="not an answer to") as found,
    ):
        target.health()
    assert not isinstance(found.value, LinkError)  # which would be asked again, four times


def test_a_cache_of_hundreds_of_megabytes_is_not_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    part = base64.b64encode(bytes(5_900_000)).decode()
    monkeypatch.setattr(Scripted, "lines", (line("cache", content=part),) * 12)
    use_transport(monkeypatch, "local", Scripted)
    with pytest.raises(DeviceError, match="a file of more than 64 MB"):
        run({"b": GRAPH, "a": GRAPH}, ROUNDS)


def test_an_agent_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    minutes = iter(range(1_000_000))
    monkeypatch.setattr("hwnas.devices.conversation.time.monotonic", lambda: 60.0 * next(minutes))
    monkeypatch.setattr(Scripted, "lines", (line("loading", graph=0),) * 900)
    use_transport(monkeypatch, "local", Scripted)
    with pytest.raises(DeviceError, match=r"for 0 of 3 visits, and \d+ s are more than enough"):
        run({"b": GRAPH, "a": GRAPH}, ROUNDS)
