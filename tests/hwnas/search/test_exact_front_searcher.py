from dataclasses import replace

import numpy as np
import pytest

from hwnas.core.errors import ConfigError
from hwnas.objectives.costs import PARAMETERS
from hwnas.search.exact.exact_front import exact_front
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers import make_searcher
from hwnas.search.trellis import Trellis
from tests.hwnas.search.problems import every_architecture, every_front_point, macro, macro_problem


def problem(quantile: float | None = 0.5) -> SearchProblem:
    return replace(macro_problem(quantile), score=SumScore(Trellis.of(macro(), PARAMETERS)))


def test_it_asks_for_the_front_by_brute_force_and_ends() -> None:
    asked = problem()
    searcher = make_searcher("exact_front", asked, 3969, 0)
    rows = searcher.ask()
    every = every_architecture(macro())
    every = every[asked.feasible(every)]
    score = Trellis.of(macro(), PARAMETERS)
    expected = every_front_point(asked.costs(every), score.evaluate(every))
    assert sorted(zip(asked.costs(rows), score.evaluate(rows), strict=True)) == expected
    searcher.tell(rows, score.evaluate(rows))
    assert searcher.ask().shape == (0, 8)


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_within_a_limit_the_best_is_always_there(limit: int) -> None:
    asked = problem()
    assert isinstance(asked.score, SumScore)
    rows = make_searcher("exact_front", asked, limit, 0).ask()
    front = exact_front(asked.score.trellis, asked)
    assert len(front.scores) > limit == len(np.unique(rows, axis=0))
    assert asked.score.evaluate(rows).max() == front.scores[-1]


def test_a_score_that_is_not_known_beforehand_is_refused() -> None:
    with pytest.raises(ConfigError, match="exact_front needs a score that costs nothing"):
        make_searcher("exact_front", macro_problem(), 10, 0)
