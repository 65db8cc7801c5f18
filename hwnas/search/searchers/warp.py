"""Warping scores so that a regression looks closely at the best of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SHARE = 0.25  # of the first scores' distance from the best
_STEPS = 8  # between the best score and the top, of those that a float can take there


@dataclass(frozen=True)
class Warp:
    """t = −log(top − score): the nearer the best, the more a difference counts.

    Accuracies lie close together where they are high and far apart where nobody looks. An additive
    model of warped scores ranks the top of NAS-Bench-Macro far better than one of the scores.

    Attributes:
        top: a little above every score.
    """

    top: float

    @classmethod
    def of(cls, scores: NDArray[np.float64], first: int) -> "Warp":
        """For scores (N,) of which the `first` were drawn at random."""
        random = scores[:first]
        distance = float(np.median(random.max() - random))
        top = float(scores.max())
        # Of large scores that are nearly equal, a smaller distance would be rounded away.
        least = max(1e-6 * (float(np.ptp(scores)) or 1.0), _STEPS * float(np.spacing(abs(top))))
        return cls(top + max(_SHARE * distance, least))

    def __call__(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) warped scores."""
        warped: NDArray[np.float64] = -np.log(self.top - scores)
        return warped

    def back(self, warped: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) scores."""
        scores: NDArray[np.float64] = self.top - np.exp(-warped)
        return scores
