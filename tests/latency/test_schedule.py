from hwnas.latency.schedule import REFERENCE, Schedule
from hwnas.latency.visits import Visit, Visits

SCHEDULE = Schedule(sessions=4, most_sessions=8, rounds=3, reference_every=2)


def measured(graph: str, milliseconds: list[float], reference: float = 0.2) -> list[Visit]:
    """As many sessions as latencies, each of 3 rounds."""
    return [
        Visit(graph, session, number, (value,) * 5, reference)
        for session, value in enumerate(milliseconds)
        for number in range(3)
    ]


def test_the_first_sessions_visit_every_graph() -> None:
    visits = Visits(measured("a", [1.0] * 4))
    assert SCHEDULE.wanted(visits, ["a", "b"], 3) == ["a", "b"]


def test_later_sessions_visit_what_even_and_odd_ones_disagree_on() -> None:
    stable, wandering = measured("a", [1.0, 1.01, 1.0, 1.01]), measured("b", [1.0, 1.1, 1.0, 1.1])
    visits = Visits([*stable, *wandering])
    assert SCHEDULE.wanted(visits, ["a", "b"], 4) == ["b"]


def test_later_sessions_make_affected_visits_again() -> None:
    calm = measured("a", [1.0] * 4)
    slow = [Visit("b", v.session, v.round, v.samples, 0.3) for v in calm]
    visits = Visits([*calm, *slow])
    assert SCHEDULE.wanted(visits, ["a", "b"], 4) == ["b"]


def test_a_session_is_planned_from_those_before_it_alone() -> None:
    before = measured("a", [1.0, 1.1, 1.0, 1.1])
    begun = [Visit("a", 4, 0, (1.05,) * 5, 0.2)]
    assert SCHEDULE.wanted(Visits([*before, *begun]), ["a"], 4) == ["a"]


def test_a_stopped_session_goes_on_with_what_it_lacks() -> None:
    visits = Visits([Visit("a", 0, 0, (1.0,), 0.2), Visit("b", 0, 0, (1.0,), 0.2)])
    rounds = SCHEDULE.rounds_of(visits, ["a", "b", "c"], 0)
    assert [one.number for one in rounds] == [0, 1, 2]
    assert [name for name in rounds[0].order if name != REFERENCE] == ["c"]
    assert set(rounds[1].order) == {"a", "b", "c", REFERENCE}


def test_the_reference_block_stands_before_behind_and_between() -> None:
    order = SCHEDULE.rounds_of(Visits(), ["a", "b", "c"], 0)[0].order
    assert [name == REFERENCE for name in order] == [True, False, False, True, False, True]


def test_rounds_have_different_orders_and_the_same_when_asked_again() -> None:
    names = [str(number) for number in range(20)]
    rounds = SCHEDULE.rounds_of(Visits(), names, 0)
    assert rounds[0].order != rounds[1].order
    assert rounds == SCHEDULE.rounds_of(Visits(), names, 0)
    assert rounds[0].order != SCHEDULE.rounds_of(Visits(), names, 1)[0].order
