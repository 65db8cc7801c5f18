"""Whether an int8 file with parts in float is offered is measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from hwnas.devices.device import Device
from hwnas.export.for_device import DeviceFile, file_for
from hwnas.export.int8 import quantised
from hwnas.latency.readings import Reading
from hwnas.latency.visits import LatencySummary
from hwnas.networks.modules import NetworkModule
from hwnas.runs import mixed
from hwnas.runs.mixed import Mixed, mixed_file
from tests.hwnas.export.int8.networks import DATASET, NETWORK

MODULE = NetworkModule(NETWORK).eval()
DEVICE = Device(name="integers", precision="int8")


class Timed:
    """A device whose files take given times."""

    device = DEVICE

    def __init__(self, **ms: float) -> None:
        self._ms = {name.replace("_", "-"): value for name, value in ms.items()}

    def files(self, models: Mapping[str, bytes], schedule: object) -> list[str]:
        del schedule
        return list(models)

    def measure(self, bench: list[str], title: str) -> dict[str, Reading]:
        del title
        times = {name: self._ms.get(name, 9.0) for name in bench}
        return {
            name: Reading(LatencySummary(1, 1, 0, ms, ms, ms, ms, ms, ms))
            for name, ms in times.items()
        }


@pytest.fixture(scope="module")
def made() -> DeviceFile:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantised, "onnx_right", lambda *_, **__: np.arange(20) < 10)
        return file_for(DEVICE, NETWORK, MODULE, DATASET)


def found(made: DeviceFile, monkeypatch: pytest.MonkeyPatch, right: int, **ms: float) -> Mixed:
    monkeypatch.setattr(mixed, "onnx_right", lambda *_, **__: np.arange(20) < right)
    on: Any = Timed(**ms)
    one = mixed_file(on, made, NETWORK, DATASET.validation, MODULE, "float", "winner")
    assert one is not None
    return one


def test_a_part_that_is_faster_in_float_makes_a_file_of_its_own(
    made: DeviceFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = found(made, monkeypatch, right=10, int8=1.6, fp32=2.0, hard_swish=1.3)
    assert one.part == "hard-swish"
    assert one.model is not None
    assert one.model not in (made.model, made.fp32)
    assert one.text == (
        "model.mixed.onnx, int8 with hard-swish in float, takes 1.3 ms instead of 1.6 ms, "
        "and 2 ms in fp32"
    )


@pytest.mark.parametrize(
    ("right", "times"),
    [
        (10, {"int8": 1.6, "fp32": 1.2, "hard_swish": 1.3}),  # fp32 is faster still
        (10, {"int8": 1.31, "fp32": 2.0, "hard_swish": 1.3}),  # as good as equal
        (9, {"int8": 1.6, "fp32": 2.0, "hard_swish": 1.3}),  # less accurate
    ],
)
def test_one_that_does_not_pay_is_not_offered(
    made: DeviceFile, monkeypatch: pytest.MonkeyPatch, right: int, times: dict[str, float]
) -> None:
    one = found(made, monkeypatch, right, **times)
    assert (one.part, one.model, one.text) == (None, None, None)
    assert one.to_dict()["measured_ms"]["hard-swish"] == 1.3


def test_networks_of_integers_all_the_way_are_not_measured(made: DeviceFile) -> None:
    never: Any = Timed()
    never.measure = None
    plain = NETWORK[2:]
    assert mixed_file(never, made, plain, DATASET.validation, MODULE, "float", "winner") is None
