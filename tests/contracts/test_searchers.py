"""Every searcher of the registry passes the suite that strangers' searchers are held to."""

import pytest

from hwnas.search.searchers import SEARCHERS, is_asynchronous, needs_known_score, searcher_class
from hwnas.search.searchers.searcher import Searcher
from hwnas.testing.searchers import SearcherContract


class TestOurs(SearcherContract):
    @pytest.fixture(params=SEARCHERS.ours)
    def searcher(self, request: pytest.FixtureRequest) -> type[Searcher]:
        return searcher_class(request.param)


@pytest.mark.parametrize("name", SEARCHERS.ours)
def test_what_a_searcher_needs_is_known_without_importing_it(name: str) -> None:
    assert needs_known_score(name) == searcher_class(name).needs_known_score
    assert is_asynchronous(name) == (searcher_class(name).asynchronous is not None)
