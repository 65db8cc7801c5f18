"""Every shrinker of the registry passes the suite that strangers' shrinkers are held to."""

import pytest

from hwnas.search.shrinkers import SHRINKERS, Shrinker, shrinker_class
from hwnas.testing.shrinkers import ShrinkerContract


class TestOurs(ShrinkerContract):
    @pytest.fixture(params=SHRINKERS.ours)
    def shrinker(self, request: pytest.FixtureRequest) -> type[Shrinker]:
        return shrinker_class(request.param)
