"""Architectures drawn slot by slot; every beginning can be completed within the budgets."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.search.exact.sampling import sample_feasible
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

# With several budgets, or those that only a complete network can be held to, a walk may end where
# nothing is left: in so many rounds so many are walked for each that is missing, which costs little
# more than one. Then a network is looked for otherwise.
_ROUNDS, _WALKS = 2, 16
# That takes long, hence so many are looked for at once, and what is too many is for later draws.
_FOUND = 32
SPARE = "spare"
"""The array of a policy's `learnt` that holds these."""
# Random networks of which those within the budgets are taken, before the others are walked to.
_SAMPLES = 4

Open: TypeAlias = NDArray[np.bool_]
"""(N, C) whether each choice of a slot may follow each of N beginnings."""

Choices: TypeAlias = NDArray[np.int64]
"""(N,) one choice of a slot for each of N beginnings."""

Choose: TypeAlias = Callable[[int, Architectures, Open], Choices]
"""The slot, beginnings (N, slot), and which choices may follow → (N,) one choice for each."""


class Walk:
    """Walks through the slots of a problem, from the first to the last."""

    def __init__(self, problem: SearchProblem, learnt: dict[str, NDArray[Any]]) -> None:
        """Begins.

        Args:
            problem: its budgets can be kept.
            learnt: of a policy; the walk keeps an array there.
        """
        self._problem, self._learnt = problem, learnt
        learnt[SPARE] = np.zeros((0, problem.length), dtype=np.int64)
        self._limits = (*problem.limits, *_together(problem.limits))
        self._allowed = [problem.space.allowed(slot) for slot in range(problem.length)]

    def draw(self, count: int, choose: Choose, generator: np.random.Generator) -> Architectures:
        """(count, L) canonical architectures within the budgets.

        Args:
            count: how many.
            choose: gives a choice that is open for each beginning.
            generator: for what has to be found otherwise.

        Raises:
            BudgetError: no network within budgets that have to be tested was found.
        """
        rows = self._walked(count, choose)
        if not self._problem.every_limit:
            return rows
        missing = np.flatnonzero(~self._problem.feasible(rows))
        for _ in range(_ROUNDS):
            if not len(missing):
                return rows
            tried = self._walked(_WALKS * len(missing), choose)
            kept = tried[self._problem.feasible(tried)][: len(missing)]
            rows[missing[: len(kept)]] = kept
            missing = missing[len(kept) :]
        if len(missing):
            rows[missing] = self._found(len(missing), generator)
        return rows

    def _found(self, count: int, generator: np.random.Generator) -> Architectures:
        """(count, L) networks within the budgets that no walk has led to, some of them equal."""
        spare = self._learnt[SPARE]
        if len(spare) < count:
            spare = sample_feasible(self._problem, generator, max(count, _FOUND))
            if not len(spare):
                names = ", ".join(limit.name for limit in self._problem.every_limit)
                raise BudgetError(
                    f"no network of {self._problem.space.name} within the budgets was found "
                    f"({names}); allow more"
                )
            spare = spare[np.arange(max(count, len(spare))) % len(spare)]
        self._learnt[SPARE] = spare[count:]
        return spare[:count]

    def random(self, count: int, generator: np.random.Generator) -> Architectures:
        """(count, L) canonical architectures within the budgets, as the space samples them.

        Where few keep the budgets, what is still missing is walked to, with every choice that
        leaves the budgets reachable as likely.

        Raises:
            BudgetError: see `draw`.
        """
        rows = self._problem.space.sample(generator, count)
        if not self._problem.every_limit:
            return rows
        missing = np.flatnonzero(~self._problem.feasible(rows))
        for _ in range(_SAMPLES):
            rows[missing] = self._problem.space.sample(generator, len(missing))
            missing = missing[~self._problem.feasible(rows[missing])]
        if len(missing):

            def choose(slot: int, beginnings: Architectures, open_choices: Open) -> Choices:
                del slot, beginnings
                return picked(np.zeros(open_choices.shape[1]), open_choices, generator)

            rows[missing] = self.draw(len(missing), choose, generator)
        return rows

    def _walked(self, count: int, choose: Choose) -> Architectures:
        """(count, L) what is walked to; of several budgets, some may be broken."""
        limits = self._limits
        rows = np.zeros((count, self._problem.length), dtype=np.int64)
        spent = [np.full(count, limit.trellis.constant) for limit in limits]
        zeros = np.zeros(count, dtype=np.int64)
        for slot, allowed in enumerate(self._allowed):
            before = rows[:, slot - 1] if slot else zeros
            open_choices, reached = allowed[before], []
            for limit, so_far in zip(limits, spent, strict=True):
                trellis, step = limit.trellis, limit.trellis.steps[slot]
                sheets = rows[:, 0] if len(step) > 1 else zeros
                added = step[sheets, before if step.shape[1] > 1 else zeros]
                total = trellis.combine(so_far[:, None], added)
                rest = trellis.cheapest_completion[slot]
                if slot == 0 and len(rest) > 1:  # the choice is the sheet
                    onward = np.diagonal(rest)[None]
                else:
                    onward = rest[rows[:, 0] if len(rest) > 1 else zeros]
                least = trellis.join(total, onward)
                open_choices = open_choices & (least <= limit.bound + limit.rounding)
                reached.append(total)
            lost = ~open_choices.any(axis=1)
            if lost.any():  # budgets that do not agree: what is found is not within them
                open_choices[lost] = allowed[before[lost]]
            rows[:, slot] = choose(slot, rows[:, :slot], open_choices)
            spent = [total[np.arange(count), rows[:, slot]] for total in reached]
        return rows


def picked(
    logits: NDArray[np.float64], open_choices: Open, generator: np.random.Generator
) -> Choices:
    """(N,) an open choice each, drawn with probabilities in proportion to exp(logits).

    Args:
        logits: (N, C) or (C,).
        open_choices: (N, C), in each row at least one.
        generator: of the random numbers.
    """
    noise = generator.gumbel(size=open_choices.shape)
    chosen: Choices = np.where(open_choices, logits + noise, -np.inf).argmax(axis=1)
    return chosen


def _together(limits: Sequence[Limit]) -> list[Limit]:
    """A limit on the sum of all costs, each as a share of its range; none of fewer than two.

    Who keeps each limit keeps this one, too, and of budgets that hardly agree it tells far sooner
    what breaks one of them: the least of one cost is then far from the least of the others.
    """
    sums = [limit for limit in limits if limit.trellis.combine is np.add]
    if len(sums) < 2:
        return []
    shares = [1.0 / ((limit.trellis.range[1] - limit.trellis.range[0]) or 1.0) for limit in sums]
    every = list(zip(shares, sums, strict=True))
    steps = tuple(
        np.asarray(sum(share * limit.trellis.steps[slot] for share, limit in every))
        for slot in range(len(sums[0].trellis.steps))
    )
    constant = sum(share * limit.trellis.constant for share, limit in every)
    bound = sum(share * (limit.bound + limit.rounding) for share, limit in every)
    total = Trellis("all budgets", "", constant, steps, sums[0].trellis.allowed)
    return [Limit(total, bound)]
