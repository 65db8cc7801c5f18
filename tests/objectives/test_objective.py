import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latency.blocks import ConvBlock, Skip
from objectives.objective import AdditiveObjective, Constraint, non_dominated

BLOCK = ConvBlock(3, 8, 3, 2, "relu", 16)


def test_an_additive_objective_is_a_constant_and_its_blocks() -> None:
    objective = AdditiveObjective("x", "ms", lambda block: float(block.out_channels), 0.5)
    assert objective.evaluate([(BLOCK,), (BLOCK, Skip(8, 8))]).tolist() == [8.5, 16.5]


def test_a_constraint_bounds_from_above_or_below() -> None:
    cost = AdditiveObjective("x", "ms", lambda _: 1.0)
    networks = [(BLOCK,), (BLOCK, BLOCK)]
    assert Constraint(cost, 1.0).satisfied(networks).tolist() == [True, False]
    gain = AdditiveObjective("x", "%", lambda _: 1.0, direction="maximize")
    assert Constraint(gain, 2.0).satisfied(networks).tolist() == [False, True]


@given(arrays(np.float64, st.tuples(st.integers(0, 12), st.integers(1, 3)),
              elements=st.integers(0, 3).map(float)))  # fmt: skip
def test_non_dominated_rows_are_those_of_the_definition(costs: np.ndarray) -> None:
    keep = non_dominated(costs)
    for index, row in enumerate(costs):
        better = [(other <= row).all() and (other < row).any() for other in costs]
        twin_before = any(
            (costs[k] == row).all() and keep[k] for k in range(len(costs)) if k < index
        )
        assert keep[index] == (not any(better) and not twin_before)
