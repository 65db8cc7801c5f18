import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.objectives.costs import MACS, PARAMETERS, PEAK_MEMORY
from hwnas.search.exact.exact_front import exact_best, exact_front
from hwnas.search.exact.stages import lay_on_stages, stage_problem
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import load_space
from hwnas.spaces.stages import StageSpace
from tests.hwnas.search.problems import every_front_point

STAGES = StageSpace(load_space("nas_bench_macro"))
EVERY = np.array(list(itertools.product(*map(range, STAGES.choice_counts))))
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("cost", [MACS, PARAMETERS, PEAK_MEMORY])
def test_costs_over_stages_are_those_of_the_networks(cost):
    laid = lay_on_stages(Trellis.of(STAGES.space, cost), STAGES)
    networks = STAGES.space.networks(STAGES.to_blocks(EVERY[::17]))
    assert laid.evaluate(EVERY[::17]) == pytest.approx(cost.evaluate(networks), rel=1e-12)
    assert (laid.name, laid.unit) == (cost.name, cost.unit)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.floats(0.02, 1.0))
def test_the_exact_search_over_stages_equals_brute_force(seed, share):
    generator = np.random.default_rng(seed)
    values = [generator.normal(size=count) for count in STAGES.choice_counts]
    score = Trellis.from_values(STAGES, "rating", "", 0.0, values)
    macs = Trellis.of(STAGES.space, MACS)
    costs = lay_on_stages(macs, STAGES).evaluate(EVERY)
    bound = float(np.quantile(costs, share))
    problem = stage_problem(SearchProblem(STAGES.space, macs, (Limit(macs, bound),)), STAGES)
    scores, kept = score.evaluate(EVERY), costs <= bound
    front = exact_front(score, problem)
    found = list(zip(front.costs.tolist(), front.scores.tolist(), strict=True))
    assert found == every_front_point(costs[kept], scores[kept])
    assert score.evaluate(exact_best(score, problem)[None])[0] == scores[kept].max()


def test_what_couples_neighbours_is_refused():
    space = STAGES.space
    pairs = [None, *(np.ones((3, 3)) for _ in space.slots[1:])]
    values = [np.zeros(3) for _ in space.slots]
    coupled = Trellis.from_values(space, "transitions", "ms", 0.0, values, pairs)
    with pytest.raises(ValueError, match="the transitions of a block depends on others"):
        lay_on_stages(coupled, STAGES)
