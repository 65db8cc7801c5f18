"""What is concluded from readings, on a device of known times whose machine may be slow."""

from dataclasses import dataclass, field

import pytest

from hwnas.cli.output import Output
from hwnas.devices.device import Device
from hwnas.latency.reference import NETWORK
from hwnas.latency.visits import Speed
from hwnas.networks.blocks import Network
from hwnas.runs.latency_check import WINNER, LatencyCheck, LatencyFinding, Patience
from hwnas.runs.on_device import OnDevice
from tests.hwnas.runs.simulated_device import REFERENCE_MS, SimulatedDevice, simulated_device

TRUE, BOUND = 0.8, 1.0
SPEED = Speed(REFERENCE_MS, REFERENCE_MS)


@dataclass
class Clock:
    """A clock that only resting moves on."""

    seconds: float = 0.0
    rests: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.seconds += seconds


@dataclass
class Bench:
    """A check on a simulated device, and its clock."""

    check: LatencyCheck
    clock: Clock
    device: SimulatedDevice

    def screened(self) -> bool | None:
        self.check.screen({"1": NETWORK})
        return self.check.untrained("1").keeps(BOUND)

    def trained(self, network: Network = NETWORK) -> LatencyFinding:
        self.check.screen({"1": network})
        before = self.check.untrained("1")
        return self.check.trained(network, b"model", before, {"reference": b"reference"})


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch):
    def make(slowness=(), **times) -> Bench:
        device = simulated_device(monkeypatch, {"screened": [TRUE], **times}, slowness)
        monkeypatch.setattr("hwnas.runs.on_device.OnDevice._speed", SPEED)
        clock = Clock()
        output = Output(as_json=True)
        on = OnDevice(Device(name="here"), output, speed=lambda: SPEED, anchors=list, cache=bytes)
        patience = Patience(20, 5, clock.now, clock.rest)
        return Bench(LatencyCheck(on, BOUND, patience), clock, device)

    return make


def test_an_undisturbed_reading_decides_at_once(bench) -> None:
    assert bench().screened() is True
    assert bench(screened=[1.2]).screened() is False


def test_a_network_within_the_budget_on_a_slow_machine_is_within_it_all_the_more(bench) -> None:
    one = bench(slowness=[1.2])
    assert one.screened() is True  # 0.96 ms as it was
    assert one.clock.rests == []


def test_a_slow_machine_is_waited_for(bench) -> None:
    one = bench(screened=[0.95], slowness=[1.4, 1.4, 1.0])
    assert one.screened() is True
    assert one.clock.rests == [5, 5]


def test_a_machine_that_stays_slow_condemns_nothing_and_says_so(bench) -> None:
    one = bench(screened=[1.2], slowness=[1.4] * 9)
    assert one.screened() is None
    assert sum(one.clock.rests) == 20
    assert one.check.untrained("1").disturbed == (
        "cannot measure now: the machine was slow during 100% of the visits (what never changes "
        "took 40% longer than usual)"
    )


def test_a_network_far_over_the_budget_needs_no_quiet_machine(bench) -> None:
    assert bench(screened=[1.5], slowness=[1.4]).screened() is False


def test_a_network_close_to_the_budget_is_measured_once_more(bench) -> None:
    one = bench(screened=[1.005, 0.99])
    assert one.screened() is True
    assert one.device.measured == [["1"], ["1"]]


def test_the_winner_is_measured_again_beside_its_untrained_graph_when_it_contradicts(bench) -> None:
    one = bench(winner=[1.2, 0.81], untrained=[0.8])
    found = one.trained()
    assert found.keeps is True
    assert found.winner.ms == pytest.approx(0.81)
    assert [reading.ms for reading in found.contradicted] == [pytest.approx(1.2)]
    assert found.readings["reference"].ms == pytest.approx(2.0)
    assert one.device.measured[-1] == [WINNER, "the same network untrained"]


def test_a_winner_is_over_the_budget_when_its_untrained_graph_now_is_as_well(bench) -> None:
    assert bench(winner=[1.2], untrained=[1.2]).trained().keeps is False


def test_what_stays_contradictory_is_doubtful_and_says_both_figures(bench) -> None:
    one = bench(winner=[1.2], untrained=[0.8])
    found = one.trained()
    assert found.keeps is None
    assert sum(one.clock.rests) == 20
    assert found.doubt(BOUND) == (
        "its latency is doubtful: 1.2 ms now, 0.8 ms before its training, and the budget is 1 ms; "
        "repeated measurements did not settle it"
    )


def test_a_busy_machine_after_the_training_rejects_no_network(bench) -> None:
    one = bench(winner=[0.95], untrained=[0.95], screened=[0.95], slowness=[1.0, *[1.4] * 9])
    found = one.trained()
    assert found.keeps is None
    assert "cannot measure now" in str(found.doubt(BOUND))


def test_without_a_budget_one_measurement_is_enough(bench) -> None:
    one = bench(winner=[3.0])
    one.check.bound = None
    assert one.trained().keeps is True
    assert len(one.device.measured) == 2


def test_a_pick_over_the_budget_needs_no_second_opinion(bench) -> None:
    one = bench(winner=[1.3])
    found = one.check.trained(NETWORK, b"model", None, {}, pick="v4qgh44")
    assert (found.keeps, found.winner.ms) == (False, pytest.approx(1.3))
    assert one.device.measured == [[WINNER]]


def test_a_pick_that_a_busy_machine_makes_slow_is_measured_until_that_is_over(bench) -> None:
    one = bench(winner=[1.05], untrained=[1.05], slowness=[1.4, 1.4, 1.0, 1.0])
    found = one.check.trained(NETWORK, b"model", None, {}, pick="v4qgh44")
    assert found.keeps is False
    assert len(one.device.measured) > 1
