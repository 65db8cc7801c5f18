"""Every gradient estimator of the registry passes the suite that strangers' ones are held to."""

import pytest

from hwnas.core.part_classes import class_of
from hwnas.relaxation.gradients import GRADIENTS, GradientEstimator
from hwnas.testing.gradients import GradientContract


class TestOurs(GradientContract):
    @pytest.fixture(params=GRADIENTS.ours)
    def gradient(self, request: pytest.FixtureRequest) -> type[GradientEstimator]:
        return class_of(GRADIENTS, request.param, GradientEstimator)
