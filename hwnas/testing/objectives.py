"""What objectives must do, as suites that one of your own can be held to.

    import pytest
    from hwnas.testing.objectives import BlockCostContract, CostContract, ObjectiveContract

    class TestCarbon(ObjectiveContract, CostContract, BlockCostContract):
        @pytest.fixture
        def make_objective(self):
            return lambda: CARBON

Every objective passes the first; one that budgets may be on the second, too; one that is put
together from values of blocks also the third.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from hwnas.networks.blocks import Network
from hwnas.objectives.budgets import Budget
from hwnas.objectives.costs import cost_fault
from hwnas.objectives.objective import Objective, is_of_blocks
from hwnas.search.trellis import Trellis
from hwnas.spaces import Space, SpaceFamily
from hwnas.testing.search_problems import family_problem, macro


class _Fixtures:
    @pytest.fixture
    def make_objective(self) -> Callable[[], Objective]:
        """What makes the objective that is tested, anew whenever it is called."""
        raise NotImplementedError("override the fixture 'make_objective'")

    @pytest.fixture
    def objective(self, make_objective: Callable[[], Objective]) -> Objective:
        """The objective that is tested."""
        return make_objective()

    @pytest.fixture
    def networks(self) -> Sequence[Network]:
        """Networks that it can be asked about: those of NAS-Bench-Macro unless overridden."""
        return macro().networks(macro().sample(np.random.default_rng(0), 60))


class ObjectiveContract(_Fixtures):
    """What every objective must do."""

    def test_it_says_what_it_is(self, objective: Objective) -> None:
        """In words for headings, with a unit."""
        assert objective.name == objective.name.strip() != ""
        assert isinstance(objective.unit, str)
        assert objective.direction in ("minimize", "maximize")

    def test_it_gives_a_finite_number_for_every_network(
        self, objective: Objective, networks: Sequence[Network]
    ) -> None:
        """Which is not the same for all."""
        values = objective.evaluate(networks)
        assert values.shape == (len(networks),)
        assert values.dtype == np.float64
        assert np.isfinite(values).all()
        assert len(np.unique(values)) > 1

    def test_of_no_networks_there_are_no_values(self, objective: Objective) -> None:
        """And no error."""
        assert objective.evaluate([]).shape == (0,)

    def test_networks_are_judged_one_by_one_as_together(
        self, objective: Objective, networks: Sequence[Network]
    ) -> None:
        """To the last bit."""
        alone = [float(objective.evaluate([network])[0]) for network in networks]
        assert objective.evaluate(networks).tolist() == alone

    def test_the_same_network_always_has_the_same_value(
        self,
        make_objective: Callable[[], Objective],
        objective: Objective,
        networks: Sequence[Network],
    ) -> None:
        """In any order, and from an objective that is made anew."""
        first = objective.evaluate(networks).tolist()
        assert objective.evaluate(networks[::-1]).tolist()[::-1] == first
        assert make_objective().evaluate(networks).tolist() == first


class CostContract(_Fixtures):
    """What an objective must do on which there are budgets."""

    def test_budgets_may_be_on_it(self, objective: Objective) -> None:
        """It is to be minimised, and has all that an objective has."""
        assert cost_fault(objective, objective.name) is None

    def test_a_budget_is_written_in_its_unit_or_as_a_share(self, objective: Objective) -> None:
        """In units that it brings, or in its own."""
        units = getattr(objective, "units", None)
        for unit, factor in (units.factors if units else {objective.unit: 1.0}).items():
            budget = Budget.of(objective.name, f"3 {unit}", objective)
            assert budget.bound(None) == pytest.approx(3 * factor)
        if units:
            assert Budget.of(objective.name, units.example, objective).bound(None) > 0
        share = Budget.of(objective.name, "75 % of reference", objective)
        assert share.bound(8.0) == pytest.approx(6.0)


class BlockCostContract(_Fixtures):
    """What an objective must do that is put together from values of blocks."""

    @pytest.mark.parametrize("members", ["space", "family"])
    def test_laid_over_a_space_it_is_the_same(self, objective: Objective, members: str) -> None:
        """Up to the order in which values are added up."""
        assert is_of_blocks(objective)
        family = family_problem(0.5).space
        assert isinstance(family, SpaceFamily)
        space: Space = macro() if members == "space" else family
        drawn = space.sample(np.random.default_rng(1), 200)
        laid = Trellis.of(space, objective)
        assert (laid.name, laid.unit) == (objective.name, objective.unit)
        expected = objective.evaluate(space.networks(drawn))
        assert laid.evaluate(drawn) == pytest.approx(expected, rel=1e-12)
