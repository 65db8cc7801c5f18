import pytest

from latency.visits import AFFECTED, Visit, Visits


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
