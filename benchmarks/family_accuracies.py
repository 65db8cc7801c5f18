"""Synthetic accuracies over a family of spaces, for benchmarks of what searchers find.

They are a stated formula; nothing in it was fitted to what a searcher does. The accuracy of a
network, in per cent, is

    100 − error(MACs per pixel, resolution) + preferences + noise

- `error` is fitted by least squares to the 20 published ImageNet accuracies of MobileNetV2 of four
  widths at five resolutions: log error = a + b·u + c·v + d·u·v, u the log of the MACs per pixel of
  the input, v the log of the resolution. So more blocks, larger kernels, more channels and more
  pixels all help, each less than the last, and each helps more beside the others or less, as
  published.
- `preferences` say that networks of equal size differ. Each seed draws, from normal distributions:
  one value for every choice of every slot, one more for every member of the family, and one for
  every pair of choices of neighbouring slots, which no additive model holds. The three parts have
  equal variances; over random networks their sum has the standard deviation `spread`, in points.
- `noise` is that of one training: another value for each network and seed, of a standard deviation
  of `noise` points.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hwnas.objectives.costs import MACS
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, SpaceFamily

Scores = NDArray[np.float64]

RESOLUTIONS = (224, 192, 160, 128, 96)
PUBLISHED = {
    1.0: ((300, 221, 154, 99, 56), (71.8, 70.7, 68.8, 65.3, 60.3)),
    0.75: ((209, 153, 107, 69, 39), (69.8, 68.7, 66.4, 63.2, 58.8)),
    0.5: ((97, 71, 50, 32, 18), (65.4, 63.9, 61.0, 57.7, 51.2)),
    0.35: ((59, 43, 30, 20, 11), (60.3, 58.2, 55.7, 50.8, 45.5)),
}
"""By width, at `RESOLUTIONS`: millions of MACs, and ImageNet top-1 accuracies in per cent.

The table of MobileNetV2's checkpoints in `research/slim/nets/mobilenet` of tensorflow/models.
"""


@dataclass(frozen=True)
class SyntheticAccuracies:
    """The accuracies of one seed.

    Attributes:
        family: whose networks they are of.
        seed: of preferences and noise.
        spread: standard deviation of the preferences over random networks, in points.
        noise: standard deviation of one training, in points.
    """

    family: SpaceFamily
    seed: int
    spread: float = 1.0
    noise: float = 0.2

    def true(self, architectures: Architectures) -> Scores:
        """(N,) accuracies without noise, in per cent."""
        rows = self.family.check(architectures)
        preferred = self._unit * self._preferences(rows)
        accuracies: Scores = 100 - self._errors(rows) + preferred
        return accuracies

    def observed(self, architectures: Architectures) -> Scores:
        """(N,) accuracies of one training each, in per cent; always the same for a network."""
        rows = self.family.check(architectures)
        noise = [np.random.default_rng([self.seed, 1, *row]).normal() for row in rows.tolist()]
        return self.true(rows) + self.noise * np.array(noise)

    def _errors(self, rows: Architectures) -> Scores:
        resolutions = np.array([member.resolution for member in self.family.members])[rows[:, 0]]
        coefficients = _fitted()
        return 100 * np.exp(_terms(self._macs.evaluate(rows), resolutions) @ coefficients)

    @cached_property
    def _macs(self) -> Trellis:
        return Trellis.of(self.family, MACS)

    @cached_property
    def _drawn(self) -> tuple[list[Scores], list[Scores], list[Scores]]:
        """Values of choices (C,), of choices by member (M, C), and of pairs (P, C), by slot."""
        generator = np.random.default_rng([self.seed, 0])
        counts, members = self.family.choice_counts.tolist(), len(self.family.members)
        alone = [generator.normal(size=count) for count in counts[1:]]
        of_member = [generator.normal(size=(members, count)) for count in counts[1:]]
        pairs = [generator.normal(size=(before, count)) for before, count in pairwise(counts[1:])]
        return alone, of_member, pairs

    def _preferences(self, rows: Architectures) -> Scores:
        """(N,) preferences in a unit of their own; those of a slot without a block count, too."""
        member, choices = rows[:, 0], rows[:, 1:]
        alone, of_member, pairs = self._drawn
        total = np.zeros(len(rows))
        for slot, column in enumerate(choices.T):
            total += alone[slot][column] + of_member[slot][member, column]
            if slot:
                total += pairs[slot - 1][choices[:, slot - 1], column]
        return total

    @cached_property
    def _unit(self) -> float:
        drawn = self.family.sample(np.random.default_rng([self.seed, 2]), 1000)
        return self.spread / float(self._preferences(drawn).std())


def _fitted() -> Scores:
    """(4,) a, b, c, d of the published accuracies."""
    macs = np.array([million for millions, _ in PUBLISHED.values() for million in millions]) * 1e6
    accuracies = np.array([each for _, published in PUBLISHED.values() for each in published])
    resolutions = np.tile(RESOLUTIONS, len(PUBLISHED))
    errors = np.log((100 - accuracies) / 100)
    fitted = np.linalg.lstsq(_terms(macs, resolutions), errors, rcond=None)
    return fitted[0].astype(np.float64)


def _terms(macs: Scores, resolutions: NDArray[np.int64]) -> Scores:
    """(N, 4) what a, b, c and d are multiplied by."""
    u, v = np.log(macs / resolutions**2), np.log(resolutions)
    return np.column_stack((np.ones(len(macs)), u, v, u * v))
