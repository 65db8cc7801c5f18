"""Problem.shrink, as docs/guides/shrinking.md has it."""

from typing import Any

import numpy as np
import pytest

import hwnas
from hwnas.search.shrinkers import Shrinker, Weak


def problem() -> hwnas.Problem:
    space = hwnas.load_space("nas_bench_macro", resolution=16)
    return hwnas.Problem(space, budgets={"macs": "12 M"})


def test_what_is_left_is_a_space_like_others() -> None:
    whole = problem()
    score = hwnas.load_estimator("params", whole.space)
    found = whole.shrink(score, method="da_nas", stages=2, networks=40)
    assert found.space.size < whole.space.size
    assert {one.stage for one in found.gone} <= {1, 2}
    smaller = hwnas.Problem(found.space, budgets={"macs": "12 M"})
    score = hwnas.load_estimator("params", smaller.space)
    result = hwnas.run_search(smaller, score, searcher="random", evaluations=10)
    assert all(one.costs["macs"] <= 12e6 for one in result.front)


class FirstGo(Shrinker):
    """Takes the first choice of every slot."""

    name = "first_go"

    def weakest(self, architectures: Any, scores: Any) -> list[Weak]:
        assert len(architectures) == len(scores)
        return [Weak(slot, 0, "first") for slot in range(architectures.shape[1])]


def test_a_class_of_ones_own_and_a_function_will_do() -> None:
    def score(rows: Any) -> Any:
        return np.asarray(rows).sum(axis=1)

    found = problem().shrink(score, method=FirstGo, of="architectures", networks=10)
    assert found.gone
    assert {one.why for one in found.gone} == {"first"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"method": "nothing"}, "nothing"),
        ({"stages": 0}, "stages"),
        ({"keep": 2}, "keep is 2"),
        ({"seed": -1}, "seed is -1"),
        ({"settings": {"x": 1}}, "unknown key 'x'"),
    ],
)
def test_a_wrong_argument_is_one_sentence(changes: Any, why: str) -> None:
    with pytest.raises(hwnas.HwnasError, match=why):
        problem().shrink(lambda networks: [0.0] * len(networks), **changes)


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(hwnas.HwnasError, match="is nan, no number"):
        problem().shrink(lambda networks: [float("nan")] * len(networks), method="da_nas")
