"""What regressions may see of networks beside their choices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.objectives.statistics.sums import CostsOf, Rows

FeaturesOf = Callable[[Rows], NDArray[np.float64]]
"""(N, L) choices → (N, F) numbers of any sign, each with a scale of its own."""


@dataclass(frozen=True)
class Features:
    """What is known of the networks of a space; None of what is not.

    Attributes:
        costs: gives the costs of networks.
        stages: gives the features of their stages.
        traits: L arrays (C, F), the features of every choice of every slot, each with a scale of
            its own.
    """

    costs: CostsOf | None = None
    stages: FeaturesOf | None = None
    traits: Sequence[NDArray[np.float64]] | None = None


NO_FEATURES = Features()
"""Nothing but the choices."""
