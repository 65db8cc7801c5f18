"""Random small choice spaces, the trellises laid over them, and all their architectures."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures

# Few distinct values make ties; thirds and tenths make sums that depend on their order.
VALUES = np.array([0.0, 0.1, 0.2, 0.3, 0.7, 1.0, 1 / 3, -0.1, 1e6, -1e6, 3.3])


@dataclass(frozen=True)
class MaskedSpace:
    """A choice space of given transitions, as widths that have to fit and skips make them.

    With `sheets`, the first slot chooses among them and any choice may follow.
    """

    masks: tuple[NDArray[np.bool_], ...]
    sheets: int = 1
    name: str = "masked"

    @property
    def choice_counts(self) -> NDArray[np.int64]:
        return np.array([mask.shape[1] for mask in self.masks], dtype=np.int64)

    def allowed(self, slot: int) -> NDArray[np.bool_]:
        return self.masks[slot]

    def check(self, architectures: Architectures) -> Architectures:
        return np.atleast_2d(np.asarray(architectures, dtype=np.int64))

    def canonical(self, architectures: Architectures) -> Architectures:
        return self.check(architectures)

    def every(self) -> Architectures:
        rows = np.array(list(itertools.product(*map(range, self.choice_counts.tolist()))))
        kept = np.ones(len(rows), dtype=np.bool_)
        for slot in range(1, rows.shape[1]):
            kept &= self.masks[slot][rows[:, slot - 1], rows[:, slot]]
        allowed: Architectures = rows[kept]
        return allowed

    def sample(self, generator: np.random.Generator, count: int) -> Architectures:
        drawn: Architectures = generator.choice(self.every(), size=count)
        return drawn


def random_space(generator: np.random.Generator) -> MaskedSpace:
    """One to five slots of one to four choices; some with forbidden transitions, some sheets."""
    counts = generator.integers(1, 5, size=generator.integers(1, 6)).tolist()
    sheets = int(counts[0]) if len(counts) > 1 and generator.random() < 0.4 else 1
    masks = [np.ones((1, counts[0]), dtype=np.bool_)]
    for slot, (before, after) in enumerate(itertools.pairwise(counts), start=1):
        share = 1.0 if generator.random() < 0.4 or (sheets > 1 and slot == 1) else 0.6
        mask = generator.random((before, after)) < share
        mask[generator.integers(before), generator.integers(after)] = True
        masks.append(mask)
    space = MaskedSpace(tuple(masks), sheets)
    return space if len(space.every()) else random_space(generator)


def random_trellis(generator: np.random.Generator, space: MaskedSpace, name: str) -> Trellis:
    """Values with many ties or none, by sheet, and of neighbours for some slots."""

    def drawn(*shape: int) -> NDArray[np.float64]:
        if tied:
            return generator.choice(VALUES, size=shape)
        return generator.normal(size=shape)

    tied = generator.random() < 0.5
    counts = space.choice_counts.tolist()
    values, pairs = [], []
    for slot, count in enumerate(counts):
        by_sheet = space.sheets > 1 and slot > 0 and generator.random() < 0.8
        values.append(drawn(space.sheets, count) if by_sheet else drawn(count))
        coupled = slot > (1 if space.sheets > 1 else 0) and generator.random() < 0.4
        pairs.append(drawn(counts[slot - 1], count) if coupled else None)
    return Trellis.from_values(space, name, "u", float(drawn(1)[0]), values, pairs)


def random_problem(
    generator: np.random.Generator, costs: int, budgets: int
) -> tuple[Trellis, SearchProblem, list[Trellis]]:
    """A score, a problem whose cost is the first of so many costs, and the costs.

    Bounds are values that some network has to the last bit.
    """
    space = random_space(generator)
    score = random_trellis(generator, space, "score")
    trellises = [random_trellis(generator, space, f"cost{index}") for index in range(costs)]
    rows = space.every()
    bounds = tuple(
        Limit(trellis, float(generator.choice(trellis.evaluate(rows))))
        for trellis in trellises[:budgets]
    )
    return score, SearchProblem(space, trellises[0], bounds), trellises
