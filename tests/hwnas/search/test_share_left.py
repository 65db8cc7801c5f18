"""How many networks of a large space are left within budgets is estimated, however few they are."""

import pytest

from hwnas.objectives.costs import MACS
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.shrinkers.plan import ShrinkPlan
from hwnas.search.shrinkers.shrinking import shrink
from hwnas.search.trellis import Trellis
from hwnas.spaces import load_space


def test_a_share_that_no_sample_of_the_whole_space_shows_is_kept() -> None:
    space = load_space("mobilenet_v3_small")
    macs = Trellis.of(space, MACS)
    problem = SearchProblem(space, macs, (Limit(macs, macs.range[1]),))  # that all networks keep
    plan = ShrinkPlan("neas", stages=3, networks=20, keep=1e-5)
    found = shrink(problem, lambda _, rows: macs.evaluate(rows), plan)
    assert 1e-5 <= found.share <= 1e-4
    assert found.space.size / space.size == pytest.approx(found.share, rel=0.5)
