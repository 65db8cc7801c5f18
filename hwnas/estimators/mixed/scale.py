"""Scale: makes scores of any unit comparable, by what networks of a sample have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import RunError

LEAST_REFERENCES = 2
_OUTER = 4  # beyond an end the scale goes on as through the quarter of the sample that is there
_ROUNDING = 1e-12
_LEAST_STEP = 1e-290


@dataclass(frozen=True)
class Scale:
    """Normal scores: what standard deviation a score would be at, if all were normally distributed.

    Scores of untrained networks are skewed: a few of 10⁻⁵ of the usual ones decide mean and
    standard deviation, and nearly all others fall together. So what counts is the place in a sample
    (Blom 1958). Within the sample it goes straight from one place to the next, and beyond it
    straight on, so that networks which are better than all of the sample still differ.

    Attributes:
        values: (R,) distinct scores, rising.
        places: (R,) theirs, in standard deviations.
    """

    values: NDArray[np.float64]
    places: NDArray[np.float64]

    @classmethod
    def of(cls, scores: Sequence[float]) -> "Scale":
        """That of a sample's scores.

        Raises:
            RunError: there are fewer than two, or one is no number.
        """
        from scipy.special import ndtri
        from scipy.stats import rankdata

        sample = np.asarray(scores, dtype=np.float64)
        if len(sample) < LEAST_REFERENCES or not np.isfinite(sample).all():
            raise RunError(
                f"a scale is made of {LEAST_REFERENCES} or more scores that are numbers, and not "
                f"of {sample.tolist()}"
            )
        # What differs by rounding alone is one score, and no slope is without end.
        step = max(_ROUNDING * float(np.abs(sample).max()), _LEAST_STEP)
        sample = step * np.round(sample / step)
        places = ndtri((rankdata(sample) - 0.375) / (len(sample) + 0.25))
        values, first = np.unique(sample, return_index=True)
        return cls(values, np.asarray(places[first], dtype=np.float64))

    def __call__(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) standard deviations of scores (N,); 0 for all where the sample scores alike."""
        values, places = self.values, self.places
        if len(values) == 1:
            return np.zeros(len(scores))
        outer = max(1, len(values) // _OUTER)
        first, last = slice(outer + 1), slice(-outer - 1, None)
        below = np.minimum(scores - values[0], 0) * _slope(values[first], places[first])
        above = np.maximum(scores - values[-1], 0) * _slope(values[last], places[last])
        found: NDArray[np.float64] = np.interp(scores, values, places) + below + above
        return found


def _slope(values: NDArray[np.float64], places: NDArray[np.float64]) -> float:
    """Of the line through the ends of some values."""
    return float((places[-1] - places[0]) / (values[-1] - values[0]))
