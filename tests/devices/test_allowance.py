"""How long a job may take and how much its answers may be, by a clock that a test sets."""

import json
from typing import Any

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.allowance import START_S, Allowance
from hwnas.devices.job import Job

LINE = "x" * 100


def job(task: str = "time", rounds: int = 10, **keys: Any) -> Job:
    order = tuple(enumerate(((0,) * 4,) * rounds))
    content = {"runtime": "onnxruntime", "graphs": ("a.onnx",), "least_runs": 5, **keys}
    return Job(nonce="n", threads=1, cores="any", task=task, rounds=order, **content)


class Long(str):
    """A text of as many megabytes as it has letters."""

    def __len__(self) -> int:
        return 1_000_000 * super().__len__()


def hear(allowance: Allowance, waited_s: float, event: str, **content: Any) -> None:
    message = {"nonce": "n", "event": event, **content}
    allowance.take(json.dumps(message), waited_s)
    allowance.answered(message)


def hear_often(allowance: Allowance, times: int, waited_s: float, event: str) -> None:
    for _ in range(times):
        hear(allowance, waited_s, event)


def visits(allowance: Allowance, waited_s: float, ms: list[float], rounds: int = 10) -> None:
    hear(allowance, 1.0, "ready")
    for number in range(rounds):
        for _ in range(4):
            hear(allowance, waited_s, "visit", ms=ms)
        hear(allowance, 0.0, "round", round=number)


def test_a_line_a_minute_is_no_honest_pace_for_a_graph_of_a_millisecond() -> None:
    with pytest.raises(DeviceError, match=r"far took \d+ s for \d of 40 visits, and \d+ s are"):
        visits(Allowance(job(), "far"), 60.0, [1.0] * 5)


@pytest.mark.parametrize(("waited_s", "ms"), [(0.01, [1.0] * 5), (100.0, [15_000.0] * 5)])
def test_a_slow_device_has_the_time_that_its_inferences_take(
    waited_s: float, ms: list[float]
) -> None:
    visits(Allowance(job(), "far"), waited_s, ms)


def test_a_device_gains_no_time_by_times_that_have_not_passed() -> None:
    allowance = Allowance(job(rounds=1), "far")
    hear(allowance, 1.0, "ready")
    hear(allowance, 0.1, "visit", ms=[1e7])
    with pytest.raises(DeviceError, match="more than enough by its own timings"):
        hear_often(allowance, 4, 150.0, "loading")


@pytest.mark.parametrize("event", ["loading", "waiting"])
def test_signs_of_life_do_not_prolong_a_job(event: str) -> None:
    allowance = Allowance(job(), "far")
    hear_often(allowance, int(START_S + 60) // 60, 60.0, event)
    with pytest.raises(DeviceError, match="0 of 40 visits"):
        hear(allowance, 1.0, event)


def test_a_gpu_has_time_to_build_engines_and_a_round_to_cool_down() -> None:
    for _ in range(8):
        hear(Allowance(job(runtime="tensorrt"), "far"), 100.0, "loading")
    allowance = Allowance(job(rounds=2, rest_s=600.0, limit_celsius=60.0), "far")
    hear(allowance, 1.0, "ready")
    for _ in range(2):
        for _ in range((600 + 300) // 5):
            hear(allowance, 5.0, "waiting")
        hear(allowance, 1.0, "round")


@pytest.mark.parametrize("task", ["health", "operators", "outputs", "build"])
def test_short_jobs_end_too(task: str) -> None:
    allowance = Allowance(job(task, rounds=0), "far")
    with pytest.raises(DeviceError, match="for its job, and"):
        hear_often(allowance, 100, 60.0, "loading")


def test_a_machine_that_slept_is_not_the_devices_fault() -> None:
    hear(Allowance(job(), "far"), 10_000.0, "loading")


@pytest.mark.parametrize("task", ["time", "health", "outputs"])
def test_only_an_engine_may_be_hundreds_of_megabytes(task: str) -> None:
    rounds = 10 if task == "time" else 0
    with pytest.raises(DeviceError, match="sent more than it was asked for"):
        Allowance(job(task, rounds=rounds), "far").take(Long("x" * 150), 0.0)
    Allowance(job("build", rounds=0), "far").take(Long("x" * 500), 0.0)


def test_lines_are_counted() -> None:
    allowance = Allowance(job(rounds=1), "far")
    with pytest.raises(DeviceError, match="sent more than it was asked for"):
        hear_often(allowance, 2000, 0.0, "loading")
