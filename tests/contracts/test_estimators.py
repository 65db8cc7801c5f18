"""What every estimator must do."""

from pathlib import Path

import pytest

from hwnas.estimators import ESTIMATORS, find_estimator
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.testing.estimators import EstimatorContract
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401

WITHOUT_WEIGHTS = [name for name in ESTIMATORS.ours if find_estimator(name).weights is None]


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
class TestOurs(EstimatorContract):
    @pytest.fixture(autouse=True)
    def named(self, name: str) -> None:
        self.estimator: Estimator = find_estimator(name)  # type: ignore[misc]

    @pytest.fixture
    def inputs(self, tmp_path: Path, inputs: EstimatorInputs) -> EstimatorInputs: ...
