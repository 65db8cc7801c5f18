"""Every policy of the registry passes the suite that strangers' policies are held to."""

import pytest

from hwnas.search.policies import POLICIES, Policy, policy_class
from hwnas.testing.policies import PolicyContract


class TestOurs(PolicyContract):
    @pytest.fixture(params=POLICIES.ours)
    def policy(self, request: pytest.FixtureRequest) -> type[Policy]:
        return policy_class(request.param)
