"""How much the accuracy on some images says: 95 % intervals of a share, and of a difference.

`scipy.stats.binomtest` has the first one too, but takes a second to import, for which commands that
only show a table would wait. None of the dependencies has the paired difference.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

import numpy as np
from numpy.typing import NDArray

_Z = NormalDist().inv_cdf(0.975)

Interval = tuple[float, float]
"""Both ends, in percent or points."""


def wilson(accuracy: float, images: int) -> Interval:
    """The 95 % interval of an accuracy (Wilson 1927, without continuity correction).

    Unlike a mean ± two standard errors it stays within 0 and 100, and has a width where all or no
    images are right.

    Args:
        accuracy: in percent.
        images: how many it was taken on, at least 1.

    Returns:
        In percent.
    """
    share, square = accuracy / 100, _Z**2 / images
    middle = (share + square / 2) / (1 + square)
    half = _Z * math.sqrt(share * (1 - share) / images + square / (4 * images)) / (1 + square)
    low, high = 100 * (middle - half), 100 * (middle + half)
    # Rounding would leave an end beside the share where all or no images are right.
    return min(accuracy, low) if share else 0.0, max(accuracy, high) if share < 1 else 100.0


def interval_text(interval: Interval) -> str:
    """As in "31–51"; with a decimal where the ends are close."""
    low, high = interval
    digits = 0 if high - low >= 5 else 1
    return f"{low:.{digits}f}–{high:.{digits}f}"


@dataclass(frozen=True)
class Paired:
    """Two networks on the same images: on how many both are right, one alone, and neither."""

    both: int
    first: int
    second: int
    neither: int

    @classmethod
    def of(cls, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Self:
        """Counts on which of the same (N,) images each of two networks is right."""
        both, one = int(np.sum(first & second)), int(np.sum(first & ~second))
        other, neither = int(np.sum(~first & second)), int(np.sum(~first & ~second))
        return cls(both, one, other, neither)

    @property
    def images(self) -> int:
        """How many images there are."""
        return self.both + self.first + self.second + self.neither

    @property
    def first_accuracy(self) -> float:
        """Of the first network, in percent."""
        return 100 * (self.both + self.first) / self.images

    @property
    def second_accuracy(self) -> float:
        """Of the second network, in percent."""
        return 100 * (self.both + self.second) / self.images

    @property
    def difference(self) -> float:
        """The accuracy of the first less that of the second, in points."""
        return 100 * (self.first - self.second) / self.images

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the difference, in points.

        Method 10 of Newcombe 1998 (Statistics in Medicine 17, 2635-2650): Wilson's intervals of
        both, joined by the correlation of their errors. Networks that are wrong on the same images
        are told apart by fewer of them.
        """
        first, second = self.both + self.first, self.both + self.second
        sides = first * (self.images - first) * second * (self.images - second)
        agreement = self.both * self.neither - self.first * self.second
        correlation = agreement / math.sqrt(sides) if sides else 0.0
        accuracies = self.first_accuracy, self.second_accuracy
        return difference_interval(*accuracies, self.images, self.images, correlation)


def difference_interval(
    first: float, second: float, first_images: int, second_images: int, correlation: float = 0.0
) -> Interval:
    """The 95 % interval of the first accuracy less the second, in points.

    Args:
        first: in percent.
        second: in percent.
        first_images: that the first was taken on.
        second_images: that the second was taken on.
        correlation: of being right, on the same images; 0 for different images, and where it is
            not known: the interval is then rather too wide.
    """
    (low, high), (other_low, other_high) = (
        wilson(first, first_images),
        wilson(second, second_images),
    )

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one**2 - 2 * correlation * one * other + other**2))

    return (
        first - second - reach(first - low, other_high - second),
        first - second + reach(high - first, second - other_low),
    )
