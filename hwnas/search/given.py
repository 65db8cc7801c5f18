"""GivenNetworks: networks that are judged before any searcher proposes some."""

from typing import ClassVar

import numpy as np
from typing_extensions import override

from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces.space import Architectures


class GivenNetworks(Searcher):
    """Asks for the given architectures, once, whether they keep the limits or not."""

    name: ClassVar[str] = "pretrained"
    keeps_limits: ClassVar[bool] = False

    def __init__(self, problem: SearchProblem, architectures: Architectures) -> None:
        """Takes architectures (N, L) of the problem's space."""
        super().__init__(problem, len(architectures), 0)
        self._left = np.unique(architectures, axis=0)

    @override
    def ask(self) -> Architectures:
        asked, self._left = self._left, self.nothing
        return asked
