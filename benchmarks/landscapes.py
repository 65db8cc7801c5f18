"""Score landscapes of known interactions, and their best networks.

Spaces of free choices, so that nothing but the score makes them hard:

- `sums`: values of single choices, through a saturating curve as accuracies have it;
- `pairs`: the same with values of pairs of slots at any distance, not neighbours alone;
- `nk`: NK landscapes (Kauffman and Weinberger 1989): each slot's value depends on K others, drawn
  at random; the higher K, the more rugged;
- `plateaus`: pairs whose scores are rounded down to fourteen steps;
- `traps`: groups of three slots whose best choice is the opposite of what each slot alone suggests
  (deceptive functions, Goldberg 1987).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures
from hwnas.spaces.space import check_choices

Values = NDArray[np.float64]

ENUMERATED, CONSTRUCTED, CLIMBED = "enumerated", "by construction", "a long local search"
_MOST_ENUMERATED = 300_000
_STARTS, _KICKS = 32, 12
_NOISES = 65_536


class FreeSpace:
    """Slots of as many choices each, of which any may follow any."""

    def __init__(self, name: str, slots: int, choices: int) -> None:
        self.name = name
        self.choice_counts = np.full(slots, choices)

    def allowed(self, slot: int) -> NDArray[np.bool_]:
        """(choices before, choices of slot): all of them."""
        before = int(self.choice_counts[slot - 1]) if slot else 1
        return np.ones((before, int(self.choice_counts[slot])), dtype=np.bool_)

    def canonical(self, architectures: Architectures) -> Architectures:
        """(N, L): the same, no two architectures are equal networks."""
        return self.check(architectures)

    def check(self, architectures: Architectures) -> Architectures:
        """The same as an (N, L) integer array."""
        return check_choices(self.name, self.choice_counts, architectures)

    def sample(self, generator: np.random.Generator, count: int) -> Architectures:
        """(count, L) random architectures."""
        return generator.integers(0, self.choice_counts, (count, len(self.choice_counts)))

    @cached_property
    def every(self) -> Architectures | None:
        """(N, L) all architectures; None where there are too many."""
        if np.prod(self.choice_counts.astype(np.float64)) > _MOST_ENUMERATED:
            return None
        rows = np.stack(np.unravel_index(np.arange(self.choice_counts.prod()), self.choice_counts))
        return np.ascontiguousarray(rows.T)


@dataclass(frozen=True)
class Landscape:
    """A space with true scores.

    Attributes:
        problem: the space, against a cost of random values.
        truth: (N, L) architectures → (N,) scores.
        best: the greatest score.
        known: how that is known.
        middle: the mean score of random architectures.
        deviation: the standard deviation of their scores.
    """

    problem: SearchProblem
    truth: Callable[[Architectures], Values]
    best: float
    known: str
    middle: float
    deviation: float

    def observed(self, noise: float, seed: int) -> Callable[[Architectures], Values]:
        """Scores with a noise, a share of their deviation; a network always has the same."""
        generator = np.random.default_rng([seed, 777])
        drawn = noise * self.deviation * generator.standard_normal(_NOISES)
        weights = generator.integers(1, 2**31, self.problem.length)

        def observed(rows: Architectures) -> Values:
            return np.asarray(self.truth(rows) + drawn[(rows @ weights) % _NOISES])

        return observed

    def regret(self, score: float) -> float:
        """How far a true score is below the best, as a share of the way from the middle."""
        return (self.best - score) / (self.best - self.middle)


def landscape(
    problem: SearchProblem,
    truth: Callable[[Architectures], Values],
    generator: np.random.Generator,
    best: float | None = None,
    every: Architectures | None = None,
) -> Landscape:
    """A landscape whose best is known, or is found.

    Args:
        problem: of its space.
        truth: its scores.
        generator: for the networks of the middle, and for the search of the best.
        best: the greatest score, where it is known by construction.
        every: (N, L) all architectures, where they can be enumerated.
    """
    scores = truth(every if every is not None else problem.space.sample(generator, 4000))
    middle, deviation = float(scores.mean()), float(scores.std())
    if best is not None:
        return Landscape(problem, truth, best, CONSTRUCTED, middle, deviation)
    if every is not None:
        return Landscape(problem, truth, float(scores.max()), ENUMERATED, middle, deviation)
    found = _climbed(problem.space.choice_counts, truth, generator)
    return Landscape(problem, truth, found, CLIMBED, middle, deviation)


def synthetic(kind: str, slots: int, choices: int, seed: int, linked: int = 1) -> Landscape:
    """A landscape of a kind; `linked` is K of `nk`, and else how many pairs a slot has."""
    generator = np.random.default_rng([seed, slots, choices, linked])
    space = FreeSpace(f"{kind}, {slots} slots of {choices}", slots, choices)
    cost = Trellis.from_values(
        space, "latency", "ms", 1.0, [generator.random(choices) for _ in range(slots)]
    )
    problem, best = SearchProblem(space, cost), None
    if kind == "nk":
        truth = _nk(generator, slots, choices, linked)
    elif kind == "traps":
        truth, best = _traps(generator, slots, choices), 1.0
    else:
        values, pairs = _drawn_pairs(generator, slots, choices, 0 if kind == "sums" else linked)
        scale = float(np.sqrt(slots * (1 + linked)))
        steps = 14.0 if kind == "plateaus" else None

        def truth(rows: Architectures) -> Values:
            total = values[np.arange(slots), rows].sum(axis=1)
            for (one, other), table in pairs:
                total += table[rows[:, one], rows[:, other]]
            curved: Values = 1 / (1 + np.exp(-total / scale))
            if steps is not None:
                curved = np.floor(steps * curved) / steps
            return curved

        if kind == "sums":
            best = float(truth(values.argmax(axis=1)[None])[0])
    every = space.every if best is None else None
    return landscape(problem, truth, generator, best, every)


def _drawn_pairs(
    generator: np.random.Generator, slots: int, choices: int, linked: int
) -> tuple[Values, list[tuple[tuple[int, int], Values]]]:
    """(L, C) values of choices; pairs of slots at any distance with tables (C, C) of as much."""
    values = generator.standard_normal((slots, choices))
    pairs = []
    for _ in range(linked * slots // 2):
        one, other = sorted(generator.permutation(slots)[:2].tolist())
        pairs.append(((one, other), generator.standard_normal((choices, choices))))
    return values, pairs


def _nk(
    generator: np.random.Generator, slots: int, choices: int, linked: int
) -> Callable[[Architectures], Values]:
    others = [
        np.append(slot, generator.permutation(np.delete(np.arange(slots), slot))[:linked])
        for slot in range(slots)
    ]
    tables = generator.random((slots, choices ** (linked + 1)))
    powers = choices ** np.arange(linked + 1)

    def truth(rows: Architectures) -> Values:
        total = np.zeros(len(rows))
        for table, slot in zip(tables, others, strict=True):
            total += table[rows[:, slot] @ powers]
        return total / slots

    return truth


def _traps(
    generator: np.random.Generator, slots: int, choices: int
) -> Callable[[Architectures], Values]:
    """Groups of three slots anywhere: 1 with all three hits, else the more, the fewer hits."""
    place = generator.permutation(slots)
    hits = generator.integers(0, choices, slots)
    weights = 0.5 + generator.random(slots // 3)
    weights /= weights.sum()

    def truth(rows: Architectures) -> Values:
        groups = (rows == hits)[:, place[: 3 * len(weights)]].reshape(len(rows), -1, 3).sum(axis=2)
        return np.asarray(np.where(groups == 3, 1.0, 0.6 - 0.25 * groups) @ weights)

    return truth


def _climbed(
    counts: NDArray[np.int64],
    truth: Callable[[Architectures], Values],
    generator: np.random.Generator,
) -> float:
    """The best of climbs to tops that no slot's choice improves, kicked off them and repeated."""
    rows = generator.integers(0, counts, (_STARTS, len(counts)))
    scores = truth(rows)
    for _ in range(_KICKS):
        kicked = np.where(
            generator.random(rows.shape) < 3 / len(counts),
            generator.integers(0, counts, rows.shape),
            rows,
        )
        risen, heights = _climb(counts, truth, kicked)
        better = heights >= scores
        rows[better], scores[better] = risen[better], heights[better]
        order = np.argsort(-scores, kind="stable")
        rows[order[_STARTS // 2 :]], scores[order[_STARTS // 2 :]] = (
            rows[order[: _STARTS // 2]],
            scores[order[: _STARTS // 2]],
        )
    return float(scores.max())


def _climb(
    counts: NDArray[np.int64], truth: Callable[[Architectures], Values], rows: Architectures
) -> tuple[Architectures, Values]:
    """Slot after slot the best choice, until none is better."""
    rows, scores = rows.copy(), truth(rows)
    while True:
        before = scores.copy()
        for slot, choices in enumerate(counts.tolist()):
            tried = np.repeat(rows, choices, axis=0)
            tried[:, slot] = np.tile(np.arange(choices), len(rows))
            found = truth(tried).reshape(len(rows), choices)
            rows[:, slot], scores = found.argmax(axis=1), found.max(axis=1)
        if not (scores > before).any():
            return rows, scores
