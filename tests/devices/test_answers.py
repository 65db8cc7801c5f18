"""Answers of a target: what cannot be is refused."""

from typing import Any

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.answers import (
    WARNINGS,
    Parts,
    TargetEnergy,
    TargetVisit,
    read_energy,
    read_visit,
)
from hwnas.devices.runtimes import gpu_timing


def visit(**keys: Any) -> TargetVisit:
    return read_visit({"round": 0, "graph": 0, "ms": [1.0], **keys}, ["a"])


def test_a_visit_may_have_warnings() -> None:
    assert visit() == TargetVisit(0, "a", (1.0,))
    assert visit(warnings=["unstable"]).warnings == ("unstable",)


@pytest.mark.parametrize("warnings", [["invented"], "unstable", None, 1, [[]], ["unstable"] * 9])
def test_warnings_that_cannot_be_are_refused(warnings: Any) -> None:
    with pytest.raises(DeviceError, match="an invalid visit"):
        visit(warnings=warnings)


def test_the_warnings_are_those_that_timing_on_a_gpu_gives() -> None:
    given = {gpu_timing.ENQUEUE_BOUND, gpu_timing.UNSTABLE, gpu_timing.NO_GRAPH}
    assert given == WARNINGS


def test_an_energy_is_read() -> None:
    message = {"round": 1, "graph": 0, "mj": 40.5, "inferences": 12, "ms": 500}
    assert read_energy(message, ["a"]) == TargetEnergy(1, "a", 40.5, 12, 500.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mj": 0},
        {"mj": -1.0},
        {"mj": float("nan")},
        {"mj": 1e10},
        {"mj": "1"},
        {"mj": None},
        {"inferences": 0},
        {"inferences": 1.5},
        {"inferences": 2**31},
        {"inferences": True},
        {"ms": 0.0},
        {"ms": float("inf")},
        {"ms": [1.0]},
        {"graph": 1},
        {"graph": -1},
        {"round": -1},
    ],
)
def test_energies_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    message = {"round": 1, "graph": 0, "mj": 40.5, "inferences": 12, "ms": 500.0}
    with pytest.raises(DeviceError, match="an invalid energy"):
        read_energy({**message, **wrong}, ["a"])
    for name in wrong:
        with pytest.raises(DeviceError, match="an invalid energy"):
            read_energy({key: value for key, value in message.items() if key != name}, ["a"])


def test_a_file_comes_in_parts_and_only_in_base_64() -> None:
    parts = Parts()
    for content in ("aGVs", "bG8="):
        parts.add({"content": content})
    assert parts.content == b"hello"
    for wrong in ({"content": "no base 64"}, {"content": 7}, {}):
        with pytest.raises(DeviceError, match="sent an invalid part of a file"):
            parts.add(wrong)
