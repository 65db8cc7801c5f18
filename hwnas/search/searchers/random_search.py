"""Random search: the baseline that every other searcher has to beat."""

from typing import ClassVar

from typing_extensions import override

from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces.space import Architectures

_BATCH = 50


class RandomSearch(Searcher):
    """Random feasible canonical architectures, until the limit or the end of the space."""

    name: ClassVar[str] = "random"

    @override
    def ask(self) -> Architectures:
        return self.random(_BATCH)
