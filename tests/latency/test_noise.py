"""The noise of a device: on the real runtime, and of machines that are slow in known ways."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from hwnas.devices.answers import RoundEnd, TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.target import Round, Target
from hwnas.latency import noise
from hwnas.latency.noise import NETWORK_NAME, Check, Noise, check_noise, measured_twice
from hwnas.latency.reference import NETWORK
from hwnas.latency.verdict import grade, verdict
from hwnas.latency.visits import SECOND_HALF, Visits
from hwnas.latency.visits import Visit as TableVisit
from hwnas.networks.blocks import check_network

DEVICE = Device(name="here")
QUIET = Noise(0.004, 0.03, 0.0, 0.001, 0.01, 0.1, 2.0, 10.0)
OK = {"name": "load", "value": "0.1", "ok": True, "advice": ""}
BUSY = {"name": "other work", "value": "90 %", "ok": False, "advice": "stop it"}

Slowness = Callable[[int, int], float]
"""(session, round) → factor of the time."""


def test_the_network_hangs_together() -> None:
    check_network(NETWORK)


def test_a_real_device_has_figures_that_can_be() -> None:
    reported: list[tuple[int, int]] = []
    plan = Check(sessions=2, seconds=0.0, least_rounds=4, least_runs=2, least_ms=0.0)
    found = check_noise(DEVICE, plan, lambda done, total: reported.append((done, total)))
    assert reported == [(1, 2), (2, 2)]
    assert 0 < found.reference_ms < found.network_ms
    assert found.noise >= 0
    assert found.spread > 0
    assert 0 <= found.slow_share <= 1
    assert found.session_spread == pytest.approx(found.noise, rel=1)
    assert all(np.isfinite(value) for value in asdict(found).values())


def test_an_int8_device_is_checked_in_int8() -> None:
    plan = Check(sessions=2, seconds=0.0, least_rounds=1, least_runs=1, least_ms=0.0)
    assert check_noise(Device(name="here", precision="int8"), plan).network_ms > 0


def simulated(
    monkeypatch: pytest.MonkeyPatch,
    slowness: Slowness,
    sessions: int = 4,
    layout: Slowness = lambda *_: 1.0,
) -> Noise:
    """The figures of a machine with exact times but for its slowness; `layout` is the network's."""
    clock = [0.0]
    session = iter(range(sessions))

    def run(_: Target, rounds: list[Round], **__: Any) -> Iterator[Any]:
        number = next(session)
        yield {"cpu": "any"}
        for one in rounds:
            for name in one.order:
                factor = slowness(number, one.number)
                clock[0] += 0.01 * factor
                times = (5.0, 5.0, 5.0) if name == NETWORK_NAME else (0.2, 0.2, 0.21)
                if name == NETWORK_NAME:
                    factor *= layout(number, one.number)
                yield TargetVisit(one.number, name, tuple(factor * ms for ms in times))
            yield RoundEnd(one.number, {})

    monkeypatch.setattr(Target, "run", run)
    monkeypatch.setattr(noise.time, "monotonic", lambda: clock[0])
    return check_noise(DEVICE, Check(sessions=sessions, seconds=0.0, least_rounds=20))


def test_a_perfect_machine_has_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    found = simulated(monkeypatch, lambda *_: 1.0)
    assert (found.noise, found.slow_share, found.session_spread) == (0.0, 0.0, 0.0)
    assert found.drift == pytest.approx(0.0)
    assert found.spread == pytest.approx(0.05)
    assert (found.reference_ms, found.network_ms) == (pytest.approx(0.2), pytest.approx(5.0))


def test_sessions_that_differ_are_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    found = simulated(
        monkeypatch,
        lambda *_: 1.0,
        layout=lambda session, _: 1.06 if session in SECOND_HALF else 1.0,
    )
    assert found.noise == pytest.approx(0.06 / 1.03)
    assert found.session_spread == pytest.approx(0.06)
    assert found.slow_share == 0.0


def test_a_machine_as_a_whole_that_differs_between_sessions_is_no_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = simulated(monkeypatch, lambda session, _: 1.06 if session % 2 else 1.0)
    assert found.noise == pytest.approx(0.0)


def test_rounds_that_are_slow_are_counted_and_do_not_make_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = simulated(monkeypatch, lambda _, number: 1.5 if number % 4 == 3 else 1.0)
    assert found.slow_share == pytest.approx(0.25)
    assert found.noise == 0.0


def test_a_machine_that_becomes_slower_drifts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = simulated(monkeypatch, lambda session, number: 1 + 0.08 * (20 * session + number) / 80)
    assert found.drift == pytest.approx(0.08, abs=0.01)


def test_a_check_takes_about_as_long_as_it_may() -> None:
    plan = Check(sessions=6, seconds=9.0, least_rounds=8)
    # A start of 0.5 s, then 8 rounds in 0.1 s: 8.4 s are left for five more.
    assert plan.rounds(1, 8, 0.1, 0.6) == int((8.4 / 5 - 0.5) / 0.0125)
    assert plan.rounds(1, 8, 20.0, 20.5) == 8
    assert plan.rounds(6, 80, 9.0, 12.0) == 8


def test_measuring_twice_compares_even_and_odd_sessions() -> None:
    visits = Visits([TableVisit("a", session, 0, (ms,)) for session, ms in enumerate((2.0, 3.0))])
    assert measured_twice(visits, "a") == pytest.approx(1 / 2.5)


@pytest.mark.parametrize(
    ("share", "word"),
    [(0.0, "good"), (0.02, "good"), (0.021, "usable"), (0.05, "usable"), (0.06, "poor")],
)
def test_the_grade_is_of_measuring_twice(share: float, word: str) -> None:
    found = Noise(**{**asdict(QUIET), "noise": share})
    assert grade(found) == word
    assert verdict(found, [OK]).startswith(
        f"{word}: measuring twice differs by {100 * share:.1f} %"
    )


def test_the_verdict_names_what_was_found() -> None:
    found = Noise(**{**asdict(QUIET), "noise": 0.08})
    assert verdict(found, [OK, BUSY]).endswith("look first at: other work")


@pytest.mark.parametrize(
    ("figure", "advice"),
    [
        ("drift", "warm up or cool down"),
        ("slow_share", "measure when it is quiet"),
        ("session_spread", "each start of the process is different"),
    ],
)
def test_without_findings_the_figures_say_why(figure: str, advice: str) -> None:
    found = Noise(**{**asdict(QUIET), "noise": 0.04, figure: 0.3})
    assert advice in verdict(found, [OK])


def test_the_verdict_of_a_check_under_steady_load_is_that_nothing_can_be_measured() -> None:
    found = Noise(**{**asdict(QUIET), "slow_share": 0.7})
    assert grade(found) == "poor"
    sentence = verdict(found, [BUSY])
    assert "cannot measure now: the machine was slow during 70% of the visits" in sentence
    assert sentence.endswith("look first at: other work")
