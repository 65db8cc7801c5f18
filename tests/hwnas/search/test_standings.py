import numpy as np
import pytest

from hwnas.search.front import Front
from hwnas.search.standings import Standing, standings


def front(*pairs: tuple[float, float]) -> Front:
    costs, scores = np.array(pairs).reshape(-1, 2).T
    return Front(np.zeros((len(costs), 1), dtype=np.int64), scores, costs)


def test_each_front_stands_in_the_box_of_all() -> None:
    found = standings([front((1.0, 50.0), (3.0, 90.0)), front((2.0, 70.0), (5.0, 80.0))])
    assert found.joined.costs.tolist() == [1.0, 2.0, 3.0]
    assert found.box == ((1.0, 90.0), (5.0, 50.0))
    # The box is 4 ms by 40 points: from 3 ms on all of it; from 2 ms on 20, from 5 ms nothing.
    assert found.each[0] == Standing(2, pytest.approx(0.5))
    assert found.each[1] == Standing(1, pytest.approx(0.375))
    assert found.together == Standing(3, pytest.approx(0.625))


def test_what_several_found_counts_for_each() -> None:
    one = front((1.0, 50.0), (2.0, 60.0))
    found = standings([one, one])
    assert [standing.on_joined for standing in found.each] == [2, 2]
    assert found.each[0] == found.each[1] == found.together


@pytest.mark.parametrize("other", [(), ((1.0, 50.0),), ((1.0, 40.0),), ((2.0, 50.0),)])
def test_without_a_spread_in_both_there_is_no_box(other: tuple[tuple[float, float], ...]) -> None:
    found = standings([front((1.0, 50.0)), front(*other)])
    assert found.box is None
    assert found.together == Standing(1, None)


def test_an_empty_front_has_nothing() -> None:
    found = standings([front((1.0, 50.0), (2.0, 60.0)), front()])
    assert found.each[1] == Standing(0, 0.0)
    assert standings([front(), front()]).together == Standing(0, None)
