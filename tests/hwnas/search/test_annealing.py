import numpy as np
import pytest

from hwnas.search.exact.exact_front import exact_best
from hwnas.search.searchers import make_searcher
from hwnas.search.searchers.annealing import Annealing, AnnealingSettings
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures
from tests.hwnas.search.problems import large_problem, macro_problem, widths_problem


def additive(rows: Architectures) -> np.ndarray:
    return rows.sum(axis=1).astype(np.float64)


def places(searcher: Annealing, rows: Architectures) -> np.ndarray:
    """(N, L) each choice's place, the cheapest first."""
    orders = [step.mean(axis=(0, 1)).argsort().argsort() for step in searcher.problem.cost.steps]
    return np.column_stack([order[column] for order, column in zip(orders, rows.T, strict=True)])


@pytest.mark.parametrize("slots", [1, 3])
def test_a_move_is_one_step_in_a_few_slots_of_the_best_of_the_first(slots: int) -> None:
    searcher = Annealing(widths_problem(0.6), 100, 0, AnnealingSettings(slots=slots))
    first = searcher.ask()
    assert len(first) == 10
    searcher.tell(first, additive(first))
    best = first[[additive(first).argmax()]]
    steps = np.abs(places(searcher, searcher.ask()) - places(searcher, best))
    assert steps.max() == 1
    assert 0 < steps.sum() <= slots


def test_it_moves_from_the_best_of_the_first_however_warm_it_is() -> None:
    for together in (True, False):
        searcher = Annealing(macro_problem(), 100, 0, AnnealingSettings(worse=1e9))
        first = searcher.ask()
        parts = [first] if together else np.split(first, len(first))
        for rows in parts:
            searcher.tell(rows, additive(rows))
        assert searcher._at == tuple(first[additive(first).argmax()].tolist())


@pytest.mark.parametrize("accept", ["cooling", "stalls"])
def test_it_comes_near_the_optimum_of_an_additive_score_within_a_budget(accept: str) -> None:
    problem = large_problem(0.4)
    generator = np.random.default_rng(0)
    gains = [
        np.sqrt(np.sort(generator.random(count))) + 0.1 * generator.random(count)
        for count in problem.space.choice_counts
    ]
    score = Trellis.from_values(problem.space, "predictor", "%", 70.0, gains)
    searcher = make_searcher("annealing", problem, 600, 0, {"accept": accept})
    while len(rows := searcher.ask()):
        searcher.tell(rows, score.evaluate(rows))
    optimum = score.evaluate(exact_best(score, problem)[None])[0]
    assert max(searcher.scores.values()) >= 0.98 * optimum


def test_a_worse_network_is_moved_to_while_it_is_warm() -> None:
    top, worse = (0,) * 8, (1,) * 8

    def after(warmth: float, evaluations: int) -> tuple[int, ...]:
        settings = AnnealingSettings(start=1, worse=warmth)
        searcher = Annealing(macro_problem(), evaluations, 0, settings)
        searcher.tell(np.array([top]), np.array([10.0]))
        searcher.tell(np.array([worse]), np.array([9.0]))
        return searcher._after(worse, top)

    assert after(1e9, 60) == worse
    assert after(1e-9, 60) == after(0.0, 60) == top
    assert after(1e9, 2) == top  # at the end it is cold


def test_after_stalls_it_moves_to_what_is_a_little_worse() -> None:
    settings = AnnealingSettings(start=1, accept="stalls", patience=2, worse=1.5)
    searcher = Annealing(macro_problem(), 100, 0, settings)
    top, near, far = (0,) * 8, (1,) * 8, (2,) * 8
    searcher.tell(np.array([top]), np.array([10.0]))
    searcher.tell(np.array([near, far]), np.array([9.0, 8.0]))
    visited = [searcher._after(key, top) for key in (far, far, near, near)]
    assert visited == [top, top, near, top]


def test_equal_scores_end_no_search() -> None:
    searcher = make_searcher("annealing", macro_problem(), 200, 0)
    while len(rows := searcher.ask()):
        searcher.tell(rows, np.zeros(len(rows)))
    assert len(searcher.scores) == 200
