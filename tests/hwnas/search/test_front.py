import numpy as np
import pytest

from hwnas.search.front import Front, front_of, hypervolume
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
    front = front_of(problem, rows, scores)
    kept = problem.feasible(rows)
    expected = every_front_point(problem.costs(rows[kept]), scores[kept])
    assert list(zip(front.costs.tolist(), front.scores.tolist(), strict=True)) == expected
    assert (synthetic_score(front.architectures) == front.scores).all()


def test_front_of_nothing_is_empty() -> None:
    front = front_of(macro_problem(), np.zeros((0, 0), dtype=np.int64), np.zeros(0))
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
