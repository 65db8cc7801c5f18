import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwnas.networks.blocks import ConvBlock, Skip
from hwnas.objectives.objective import AdditiveObjective, pareto_order

BLOCK = ConvBlock(3, 8, 3, 2, "relu", 16)


def test_an_additive_objective_is_a_constant_and_its_blocks() -> None:
    objective = AdditiveObjective("x", "ms", lambda block: float(block.out_channels), 0.5)
    assert objective.evaluate([(BLOCK,), (BLOCK, Skip(8, 8))]).tolist() == [8.5, 16.5]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_the_pareto_order_is_that_of_the_definition(points: list[tuple[int, int]]) -> None:
    costs, scores = np.array(points, dtype=np.float64).reshape(-1, 2).T
    kept = pareto_order(costs, scores)
    expected = {
        (cost, score)
        for cost, score in points
        if not any(c <= cost and s >= score and (c, s) != (cost, score) for c, s in points)
    }
    assert {points[index] for index in kept} == expected
    assert len(kept) == len(expected)
    assert [points[index] for index in kept] == sorted(expected)
