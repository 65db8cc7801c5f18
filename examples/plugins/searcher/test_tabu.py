"""The searcher does what every searcher must do."""

import pytest
from hwnas_tabu import TabuSearch

from hwnas.testing.searchers import SearcherContract


class TestTabu(SearcherContract):
    @pytest.fixture
    def searcher(self) -> type[TabuSearch]:
        return TabuSearch
