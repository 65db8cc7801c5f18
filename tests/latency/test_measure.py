"""The loop over sessions, on a target whose times are known."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hwnas.core.errors import DeviceError, LinkError
from hwnas.devices.answers import Facts, RoundEnd, TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.target import Round, Target
from hwnas.latency import measure
from hwnas.latency.measure import run_sessions
from hwnas.latency.schedule import REFERENCE, Schedule
from hwnas.latency.visit_log import MemoryLog
from hwnas.latency.visits import Visit as StoredVisit
from tests.devices.parts import change_runtime

DEVICE = Device(name="here")
FACTS = Facts(
    machine="m",
    cpu="c",
    cores=1,
    pinned="no",
    agent="python",
    runtime="onnxruntime",
    runtime_version="1",
    provider="p",
)
SCHEDULE = Schedule(sessions=4, most_sessions=7, rounds=2, reference_every=2)
MODELS = {name: (lambda name=name: name.encode()) for name in ("steady", "wandering", "other")}


class Times:
    """A target that takes 1 ms, "wandering" 10 % more every other session."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jobs: list[list[Round]] = []
        self.reference = iter(lambda: 0.2, None)
        monkeypatch.setattr(Target, "run", lambda _, rounds, **__: self.run(list(rounds)))
        monkeypatch.setattr(measure, "reference_model", lambda _: b"reference")

    def run(self, rounds: list[Round]) -> Iterator[Any]:
        session = len(self.jobs)
        self.jobs.append(rounds)
        yield FACTS
        for one in rounds:
            for name in one.order:
                slow = 1.1 if name == "wandering" and session % 2 else 1.0
                ms = next(self.reference) if name == REFERENCE else slow
                yield TargetVisit(one.number, name, (ms,) * 5)
            yield RoundEnd(one.number, {"load": 0.5})

    def visited(self) -> list[set[str]]:
        """The graphs of each job."""
        return [{n for one in job for n in one.order} - {REFERENCE} for job in self.jobs]


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    return Times(monkeypatch)


def test_only_what_is_not_settled_gets_further_sessions_until_there_are_enough(
    times: Times,
) -> None:
    log = MemoryLog()
    reported: list[tuple[int, int]] = []
    run_sessions(DEVICE, MODELS, log, SCHEDULE, lambda *call: reported.append(call))
    assert times.visited() == [set(MODELS)] * 4 + [{"wandering"}] * 3
    assert len(log.visits().of("steady")) == 8
    assert len(log.visits().of("wandering")) == 14
    assert reported[-1] == (30, 30)
    assert log.fingerprint is not None
    assert len(log.conditions) == 14


def test_no_further_session_is_begun_when_the_time_is_over(times: Times) -> None:
    run_sessions(DEVICE, MODELS, MemoryLog(), Schedule(**{**vars(SCHEDULE), "seconds": 0.0}))
    assert len(times.jobs) == 4


def test_a_stopped_measuring_goes_on_in_its_session_and_comes_to_the_same(times: Times) -> None:
    whole, part = MemoryLog(), MemoryLog()
    run_sessions(DEVICE, MODELS, whole, SCHEDULE)
    kept = list(whole.visits())
    # Killed in the fifth session, behind its first round.
    part.add([v for v in kept if v.session < 4 or (v.session == 4 and v.round == 0)])
    times.jobs[:] = times.jobs[:4]
    run_sessions(DEVICE, MODELS, part, SCHEDULE)
    assert [one.number for one in times.jobs[4]] == [1]

    def content(log: MemoryLog) -> set[StoredVisit]:
        return set(log.visits())

    assert content(part) == content(whole)


def test_graphs_that_do_not_fit_together_are_visited_in_jobs_of_their_own(
    times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "MOST_BYTES", 15)
    log = MemoryLog()
    models = {name: (lambda: b"10 bytes..") for name in ("a", "b", "c")}
    run_sessions(DEVICE, models, log, Schedule(sessions=1, most_sessions=1, rounds=2))
    assert sorted(map(sorted, times.visited())) == [["a"], ["b"], ["c"]]
    assert all(len(log.visits().of(name)) == 2 for name in models)


def test_where_graphs_take_much_of_the_gpu_a_job_holds_few(
    times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_runtime(monkeypatch, "onnxruntime_cuda", graphs_per_job=2)
    device = Device(name="gpu", runtime="onnxruntime_cuda")
    run_sessions(device, MODELS, MemoryLog(), Schedule(sessions=1, most_sessions=1, rounds=2))
    assert sorted(map(len, times.visited())) == [1, 2]


def test_a_visit_stands_beside_the_slower_of_the_references_around_it(times: Times) -> None:
    times.reference = iter((0.2, 0.3, 0.2, 0.2, 0.2, 0.2))
    log = MemoryLog()
    run_sessions(
        DEVICE, MODELS, log, Schedule(**{**vars(SCHEDULE), "sessions": 1, "most_sessions": 1})
    )
    first, *_ = times.jobs
    order = [name for name in first[0].order if name != REFERENCE]
    found = {v.graph: v.reference_ms for v in log.visits() if v.round == 0}
    assert [found[name] for name in order] == [0.3, 0.3, 0.3]
    assert {v.reference_ms for v in log.visits() if v.round == 1} == {0.2}


def test_what_was_measured_before_a_link_broke_is_kept_and_the_rest_is_asked_again(
    times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = times.run
    reached: list[int] = []

    def broken(rounds: list[Round]) -> Iterator[Any]:
        for number, answer in enumerate(whole(rounds)):
            if number == 5 and len(times.jobs) == 2:  # in the second job, behind a few visits
                raise LinkError("cut")
            yield answer

    monkeypatch.setattr(times, "run", broken)
    monkeypatch.setattr(Target, "reconnect", lambda _: reached.append(len(times.jobs)))
    log = MemoryLog()
    run_sessions(DEVICE, MODELS, log, SCHEDULE)
    assert reached == [2]
    assert len({(v.graph, v.session, v.round) for v in log.visits()}) == len(list(log.visits()))
    assert len(log.visits().of("steady")) == 8


def test_a_link_that_breaks_every_time_is_given_up(
    times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: list[Round]) -> Iterator[Any]:
        yield FACTS
        raise LinkError("cut")

    monkeypatch.setattr(times, "run", broken)
    monkeypatch.setattr(Target, "reconnect", lambda _: None)
    with pytest.raises(LinkError, match="cut"):
        run_sessions(DEVICE, MODELS, MemoryLog(), SCHEDULE)


@pytest.mark.usefixtures("times")
def test_times_of_an_emulated_processor_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    log = MemoryLog()
    declared = DEVICE.model_copy(update={"emulated": True})
    with pytest.raises(DeviceError, match="here is emulated, by an emulator: its times say"):
        run_sessions(declared, MODELS, log, SCHEDULE)
    emulated = replace(FACTS, emulated="qemu-aarch64-static")
    monkeypatch.setattr(sys.modules[__name__], "FACTS", emulated)
    with pytest.raises(DeviceError, match="here is emulated, by qemu-aarch64-static"):
        run_sessions(DEVICE, MODELS, log, SCHEDULE)
    assert not list(log.visits())
