import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwnas.search.front import Front, dominated_share, hypervolume, knee, knee_of
from tests.hwnas.search.problems import (
    every_architecture,
    every_front_point,
    macro,
    macro_problem,
    synthetic_score,
)


def points(*pairs: tuple[float, float]) -> Front:
    costs, scores = np.array(pairs).reshape(-1, 2).T
    return Front(np.zeros((len(costs), 1), dtype=np.int64), scores, costs)


def test_front_holds_the_feasible_non_dominated_sorted_by_cost() -> None:
    problem, rows = macro_problem(0.5), every_architecture(macro())
    scores = synthetic_score(rows)
    front = problem.front(rows, scores)
    kept = problem.feasible(rows)
    expected = every_front_point(problem.costs(rows[kept]), scores[kept])
    assert list(zip(front.costs.tolist(), front.scores.tolist(), strict=True)) == expected
    assert (synthetic_score(front.architectures) == front.scores).all()


def test_front_of_nothing_is_empty() -> None:
    front = macro_problem().front(np.zeros((0, 0), dtype=np.int64), np.zeros(0))
    assert front.architectures.shape == (0, 8)


def test_hypervolume_is_the_dominated_share_of_the_box() -> None:
    front = points((20.0, 0.5), (30.0, 1.0))
    # Of the box 10–30 × 0–1: from cost 20 on up to 0.5; at cost 30 nothing is left.
    assert hypervolume(front, ideal=(10.0, 1.0), reference=(30.0, 0.0)) == pytest.approx(0.25)


def test_hypervolume_of_the_ideal_is_one_and_of_nothing_zero() -> None:
    box = {"ideal": (10.0, 1.0), "reference": (30.0, 0.0)}
    assert hypervolume(points((10.0, 1.0)), **box) == pytest.approx(1.0)
    assert hypervolume(points(), **box) == 0.0
    assert hypervolume(points((31.0, 1.0)), **box) == 0.0


def test_a_reference_that_is_no_worse_than_the_ideal_is_refused() -> None:
    with pytest.raises(ValueError, match="reference"):
        hypervolume(points((1.0, 1.0)), ideal=(2.0, 1.0), reference=(1.0, 0.0))


def test_the_dominated_share_of_three_values_is_that_of_the_boxes() -> None:
    corners = np.array([[0.0, 0.0, 0.5], [0.0, 0.5, 0.0]])
    box = {"ideal": np.zeros(3), "reference": np.ones(3)}
    # Two halves of the cube, which share a quarter.
    assert dominated_share(corners, **box) == pytest.approx(0.75)
    beyond = np.array([[0.1, 0.1, 1.5]])
    assert dominated_share(beyond, **box) == 0.0


def test_the_knee_is_farthest_from_the_line_between_the_ends() -> None:
    # Scaled to their span: (0, 0), (0.25, 0.75), (0.5, 0.9), (1, 1).
    front = points((10.0, 90.0), (15.0, 97.5), (20.0, 99.0), (30.0, 100.0))
    assert knee(front) == 1


@pytest.mark.parametrize(
    "pairs",
    [
        (),
        ((1.0, 2.0),),
        ((1.0, 2.0), (3.0, 4.0)),
        ((1.0, 1.0), (2.0, 2.0), (3.0, 3.0)),
        ((1.0, 1.0), (2.0, 1.1), (3.0, 3.0)),
    ],
    ids=["empty", "one", "two", "straight", "inwards"],
)
def test_a_front_without_a_bulge_has_no_knee(pairs: tuple[tuple[float, float], ...]) -> None:
    assert knee(points(*pairs)) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=3, max_size=12, unique=True
    ),
    st.tuples(*[st.integers(1, 1000)] * 2),
)
def test_the_knee_does_not_depend_on_units(
    pairs: list[tuple[int, int]], units: tuple[int, int]
) -> None:
    kept = [p for p in pairs if not any(q[0] <= p[0] and q[1] <= p[1] and q != p for q in pairs)]
    values = np.array(sorted(kept), dtype=np.float64)
    found = knee_of(values)
    assert found is None or 0 < found < len(values) - 1
    scaled = knee_of(values * np.array(units) + 7.0)
    # Points equally far from the line are told apart by rounding.
    spans = np.ptp(values, axis=0)
    sums = ((values - values.min(axis=0)) / np.where(spans > 0, spans, 1.0)).sum(axis=1)
    assert scaled == found or abs(sums[scaled] - sums[found]) < 1e-9


def test_the_knee_of_three_values_is_the_point_nearest_to_the_ideal_corner() -> None:
    corners = np.array(
        [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.2, 0.3, 0.2], [0.1, 0.9, 0.4]]
    )
    assert knee_of(corners) == 3
