"""Random search: the baseline that every other searcher has to beat."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces.space import Architectures

_BATCH = 50


class RandomSearch(Searcher):
    """Random feasible canonical architectures, until the limit or the end of the space."""

    name: ClassVar[str] = "random"
    asynchronous: ClassVar[Mapping[str, Any] | None] = {}

    @override
    def ask(self) -> Architectures:
        return self.random(_BATCH)
