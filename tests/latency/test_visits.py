import pytest

from hwnas.latency.readings import disturbance, reading_of
from hwnas.latency.visits import AFFECTED, ENOUGH, Speed, Visit, Visits


def visit(number: int, milliseconds: float, reference: float, session: int = 0) -> Visit:
    return Visit("a", session, number, (milliseconds,) * 3, reference)


CALM = [visit(n, 1.0, 0.20) for n in range(6)]
SLOW = [visit(n + 6, 1.5, 0.26) for n in range(4)]


def test_visits_beside_a_slow_reference_block_are_set_aside() -> None:
    visits = Visits([*CALM, *SLOW])
    assert visits.baseline == pytest.approx(0.2)
    summary = visits.summary("a")
    assert (summary.visits, summary.redone, summary.samples) == (6, 4, 18)
    assert summary.p90 == 1.0
    assert visits.affected_share() == pytest.approx(0.4)


def test_a_reference_within_the_tolerance_sets_nothing_aside() -> None:
    visits = Visits([*CALM, visit(9, 1.1, 0.2 * AFFECTED * 0.999)])
    assert visits.summary("a").redone == 0


def test_a_graph_of_slow_visits_alone_is_summed_up_from_them() -> None:
    others = [Visit("b", 0, n, (9.0,), 0.2) for n in range(6)]
    summary = Visits([*others, *SLOW]).summary("a")
    assert (summary.visits, summary.redone, summary.median) == (4, 0, 1.5)
    assert summary.warnings == ("affected", "spread")


def test_a_burst_of_turbo_does_not_outvote_all_later_visits() -> None:
    turbo = [visit(n, 1.0, 0.20) for n in range(4)]
    usual = [visit(n, 1.15, 0.23, session=1 + n // 8) for n in range(28)]
    summary = Visits([*turbo, *usual]).summary("a")
    assert summary.visits == 32
    assert summary.ms == pytest.approx(1.15)


def test_a_summary_of_some_sessions_uses_no_other() -> None:
    visits = Visits([*CALM, visit(0, 2.0, 0.2, session=1)])
    assert visits.summary("a", [1]).median == 2.0
    assert visits.summaries([1]).keys() == {"a"}
    assert visits.summaries([2]) == {}


def test_the_drift_of_the_machine_is_taken_out_of_the_latency() -> None:
    drifting = [visit(n, 1 + 0.01 * n, 0.2 * (1 + 0.01 * n)) for n in range(9)]
    summary = Visits(drifting).summary("a")
    assert summary.ms == pytest.approx(1.04)  # at the median speed, whatever the visit
    assert (summary.min, summary.median) == (1.0, 1.04)


def test_interruptions_leave_the_latency_as_it_is() -> None:
    interrupted = Visit("a", 0, 9, (1.0, 1.0, 7.0, 9.0), 0.2)
    assert Visits([*CALM, interrupted]).summary("a").ms == pytest.approx(1.0)


def test_without_a_reference_every_visit_counts() -> None:
    visits = Visits([visit(0, 1.0, 0.0), visit(1, 3.0, 0.0)])
    assert visits.summary("a").redone == 0
    assert visits.summary("a").median == 2.0


def test_a_summary_whose_median_is_far_above_its_latency_says_so() -> None:
    halves = [Visit("a", 0, n, (1.0, 1.0, 1.2, 1.3, 1.3), 0.2) for n in range(9)]
    assert Visits(halves).summary("a").warnings == ("spread",)
    assert Visits(CALM).summary("a").warnings == ()


KNOWN = Speed(0.19, 0.2)


def test_visits_are_taken_to_the_speed_that_the_machine_is_known_to_have() -> None:
    summary = Visits([visit(n, 1.05, 0.208) for n in range(9)], KNOWN).summary("a")
    assert summary.ms == pytest.approx(1.05 * 0.2 / 0.208)
    assert (summary.median, summary.redone, summary.warnings) == (1.05, 0, ())


def test_a_machine_that_is_slow_all_along_is_told_by_its_known_speed() -> None:
    slow = [visit(n, 1.3, 0.26) for n in range(9)]
    assert Visits(slow).summary("a").warnings == ()  # by itself it may always be so
    known = Visits(slow, KNOWN)
    assert known.summary("a").warnings == ("affected", "spread")
    assert known.summary("a").ms == pytest.approx(1.0)
    assert known.slower() == pytest.approx(0.3)
    assert disturbance(known) == (
        "cannot measure now: the machine was slow during 100% of the visits (what never changes "
        "took 30% longer than usual)"
    )
    assert disturbance(Visits(slow)) is None


def test_enough_visits_at_the_known_speed_do_without_many_slow_ones() -> None:
    few = [visit(n, 1.0, 0.2) for n in range(ENOUGH)]
    many = [visit(n, 1.6, 0.26, session=1) for n in range(5 * ENOUGH)]
    summary = Visits([*few, *many], KNOWN).summary("a")
    assert (summary.visits, summary.redone, summary.warnings) == (ENOUGH, 5 * ENOUGH, ())
    assert Visits([*few[1:], *many], KNOWN).summary("a").warnings[0] == "affected"


def test_a_reading_on_a_faster_machine_than_the_table_was_measured_on_is_doubtful() -> None:
    fast = Visits([visit(n, 0.8, 0.16, session=n % 4) for n in range(16)], KNOWN)
    reading = reading_of(fast, "a")
    assert "the machine is 20% faster than when its latency table was measured" in str(
        reading.disturbed
    )
    assert (reading.keeps(0.9), reading.keeps(1.3), reading.keeps(0.7)) == (None, True, False)


def test_a_reading_that_differs_from_itself_says_by_how_much() -> None:
    halves = Visits(
        [visit(n, 1.0 + 0.1 * (n % 4 in (1, 2)), 0.2, session=n % 4) for n in range(16)]
    )
    assert "measuring twice differs by 10%" in str(reading_of(halves, "a").disturbed)
