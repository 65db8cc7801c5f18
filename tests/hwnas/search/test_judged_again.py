"""Networks of earlier stages, which what was trained since judges again."""

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.search.shrinkers import SHRINKERS
from hwnas.search.shrinkers.plan import ShrinkPlan
from hwnas.search.shrinkers.shrinking import shrink
from hwnas.spaces import Space
from hwnas.spaces.space import Architectures, keys
from hwnas.testing.search_problems import macro_problem, synthetic_score


@pytest.mark.parametrize("method", SHRINKERS.ours)
def test_a_stage_judges_the_networks_that_are_left_by_its_own_scores(method: str) -> None:
    judged: list[list[tuple[int, ...]]] = []
    kept: list[Architectures] = []

    def judge(stage: int, rows: Architectures) -> NDArray[np.float64]:
        judged[stage - 1] += keys(rows)
        return synthetic_score(rows) + 100.0 * stage

    def begin(_: int, left: Space, share: float) -> None:
        del share
        judged.append([])
        kept.append(left.numbers_of(left.sample(np.random.default_rng(0), 500)))

    plan = ShrinkPlan(method, stages=3, networks=20, keep=0.1, seed=0, settings={})
    found = shrink(macro_problem(), judge, plan, begin=begin)

    for before, after, rows in zip(judged, judged[1:], kept[1:], strict=False):
        choices = [set(column) for column in rows.T.tolist()]
        left = [
            key
            for key in before
            if all(one in some for one, some in zip(key, choices, strict=True))
        ]
        assert left
        assert after[: len(left)] == left
        assert len(after) == len(set(after))
    assert found.judged == sum(map(len, judged))
