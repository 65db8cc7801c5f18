"""The objectives do what every objective must do."""

from collections.abc import Callable

import pytest
from hwnas_memory import TRAFFIC, Operators

from hwnas.objectives.objective import Objective
from hwnas.testing.objectives import BlockCostContract, CostContract, ObjectiveContract


class TestTraffic(ObjectiveContract, CostContract, BlockCostContract):
    @pytest.fixture
    def make_objective(self) -> Callable[[], Objective]:
        return lambda: TRAFFIC


class TestOperators(ObjectiveContract, CostContract):
    @pytest.fixture
    def make_objective(self) -> Callable[[], Objective]:
        return Operators
