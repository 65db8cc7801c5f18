"""The full check, of a device on which all holds, and of targets that are wrong in one thing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import DeviceError, LinkError
from hwnas.devices.answers import TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.runtimes import RUNTIMES, load_spec
from hwnas.devices.target import Target
from hwnas.devices.transports.local import LocalTransport
from hwnas.latency.full_check import SMALL, CheckOutcome, count, full_check, tolerance
from hwnas.networks.blocks import check_network
from tests.devices.parts import use_transport
from tests.devices.test_bundle import by_hand

DEVICE = Device(name="here")


def checked(**networks: Any) -> dict[str, CheckOutcome]:
    return {outcome.name: outcome for outcome in full_check(DEVICE, networks)}


def checked_until(name: str) -> dict[str, CheckOutcome]:
    """The outcomes up to that one; the checks behind it are not made."""
    outcomes: dict[str, CheckOutcome] = {}
    with closing(full_check(DEVICE, {})) as checks:
        for outcome in checks:
            outcomes[outcome.name] = outcome
            if outcome.name == name:
                return outcomes
    raise AssertionError(f"there is no check '{name}'")


def failed(outcomes: dict[str, CheckOutcome]) -> list[str]:
    return [name for name, outcome in outcomes.items() if not outcome.ok]


def test_all_holds_on_this_machine() -> None:
    check_network(SMALL)
    outcomes = checked(again=SMALL)
    assert failed(outcomes) == []
    assert len(outcomes) == count({"again": SMALL})
    assert "agent python" in outcomes["connects"].sentence
    assert (
        "10 outputs differ by at most"
        in outcomes["computes again as ONNX Runtime does here"].sentence
    )
    assert "cannot load" in outcomes["refuses a broken graph and goes on"].sentence
    assert all("\n" not in outcome.sentence for outcome in outcomes.values())


class Unreachable(LocalTransport):
    def connect(self) -> None:
        raise DeviceError("cannot reach here: plug it in")


class Forgetful(LocalTransport):
    """Sends everything again for every job."""

    sent_bytes = 0

    def push(self, units: Any) -> None:
        super().push(units)
        self.sent_bytes += 100


class Cut(LocalTransport):
    """Its link breaks at every job that is not the first."""

    jobs = 0

    def run(self, command: Sequence[str], given: str, last: Any = None) -> Iterator[str]:
        self.jobs += 1
        if self.jobs > 1:
            raise LinkError("the link to here broke")
        return super().run(command, given, last)


def test_a_device_that_cannot_be_reached_has_one_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    use_transport(monkeypatch, "local", Unreachable)
    assert checked() == {
        "connects": CheckOutcome("connects", False, "cannot reach here: plug it in")
    }


def test_a_wrong_bundle_is_an_outcome(tmp_path: Path) -> None:
    folder = by_hand(tmp_path / "b", format=9)
    device = Device(name="board", agent="native", bundle=str(folder))
    (outcome,) = full_check(device, {})
    assert (outcome.name, outcome.ok) == ("connects", False)
    assert "bundle.json" in outcome.sentence


def test_what_is_sent_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    use_transport(monkeypatch, "local", Forgetful)
    outcomes = checked_until("is sent nothing twice")
    assert failed(outcomes) == ["is sent nothing twice"]
    assert "100 bytes were sent again" in outcomes["is sent nothing twice"].sentence


def test_a_link_that_breaks_fails_every_check_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    only_target = {"first": True}

    def transport(device: Any, folder: Any) -> LocalTransport:
        kind = Cut if only_target.pop("first", False) else LocalTransport
        return kind(device, folder)

    use_transport(monkeypatch, "local", transport)
    outcomes = checked()
    assert len(failed(outcomes)) == count({}) - 2  # connects, and nothing is left behind
    assert outcomes["is sent nothing twice"].sentence == "the link to here broke"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda values: values[:-1], "there are 9 outputs instead of 10"),
        (lambda values: [2 * value for value in values], "and 1e-04 is allowed"),
        (lambda values: [float("nan"), *values[1:]], "and 1e-04 is allowed"),
    ],
)
def test_outputs_that_differ_are_found(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[[list[float]], list[float]], sentence: str
) -> None:
    right = Target.outputs

    def outputs(target: Target, names: Any, values: Any) -> list[list[float]]:
        found = right(target, names, values)
        return [wrong(one) for one in found] if target.device is DEVICE else found

    monkeypatch.setattr(Target, "outputs", outputs)
    outcomes = checked_until("computes a small network as ONNX's reference does")
    assert failed(outcomes) == [
        "computes a small network as ONNX Runtime does here",
        "computes a small network as ONNX's reference does",
    ]
    assert all(sentence in outcomes[name].sentence for name in failed(outcomes))


def test_gpus_may_compute_in_tf32() -> None:
    assert tolerance(DEVICE) == 1e-4
    for runtime in (one for one in RUNTIMES.ours if load_spec(one).on_gpu):
        assert 2**-10 < tolerance(Device(name="gpu", runtime=runtime)) < 0.05


def test_a_visit_that_is_too_short_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Target.run

    def run(target: Target, *args: Any, **kwargs: Any) -> Iterator[Any]:
        for answer in right(target, *args, **kwargs):
            short = isinstance(answer, TargetVisit) and kwargs["least_ms"]
            yield TargetVisit(answer.round, answer.graph, answer.samples[:1]) if short else answer

    monkeypatch.setattr(Target, "run", run)
    last = "visits a graph for as long as asked"
    assert failed(checked_until(last)) == [last]
