"""Plain networks: all modules of a structure alike, as published networks have them."""

import numpy as np
from numpy.typing import NDArray

from hwnas.search.problem import SearchProblem
from hwnas.search.structures import Structures
from hwnas.spaces.space import Architectures


class PlainNetworks:
    """Structures with modules of one size, as vectors (D + 1,): the structure, then the size.

    A slot's choices are ordered by what they add to the cost, the skip left out. Size 0 is the
    least of every slot that is there, the last size the greatest, and those between are evenly
    between them.

    Attributes:
        counts: (D + 1,) options of each entry.
    """

    def __init__(self, problem: SearchProblem, structures: Structures) -> None:
        """Takes the problem whose networks are wanted, and the structures of its space."""
        self._problem, self._structures = problem, structures
        self._orders = []
        for slot, step in enumerate(problem.cost.steps):
            order = np.argsort(step.mean(axis=(0, 1)), kind="stable")
            self._orders.append(order[order > 0] if structures.skips[slot] else order)
        modules = self._orders[structures.members :]
        self.counts = np.append(structures.counts, max([1, *map(len, modules)]))

    def networks(self, plain: NDArray[np.int64]) -> Architectures:
        """(N, L) the canonical architectures of vectors (N, D + 1)."""
        share = plain[:, -1] / max(1, self.counts[-1] - 1)
        modules = [order[np.rint(share * (len(order) - 1)).astype(int)] for order in self._orders]
        return self._structures.filled(plain[:, :-1], np.column_stack(modules))

    def within(self, plain: NDArray[np.int64]) -> tuple[NDArray[np.int64], Architectures]:
        """Vectors of at most these sizes that keep the limits, and their architectures.

        Each is given the greatest size, from its own downwards, that keeps them; a structure that
        has none is left out.

        Args:
            plain: (N, D + 1).

        Returns:
            (N', D + 1) and (N', L).
        """
        plain, rows = plain.copy(), self.networks(plain)
        kept = self._problem.feasible(rows)
        while (smaller := ~kept & (plain[:, -1] > 0)).any():
            plain[smaller, -1] -= 1
            rows[smaller] = self.networks(plain[smaller])
            kept[smaller] = self._problem.feasible(rows[smaller])
        return plain[kept], rows[kept]
