"""The k best networks within budgets, exactly.

The fronts of all completions, found from the last slot to the first, tell for each prefix and what
is left of a budget the best that it can become. Prefixes are extended slot by slot and only the k
most promising kept: each leads to a network as good as promised, so that a prefix behind k others
cannot lead to one of the k best.
"""

import itertools
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.objectives.objective import pareto_order
from hwnas.search.exact.dual import Dual
from hwnas.search.exact.exact_front import out_of_reach
from hwnas.search.exact.sampling import extensions
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis, shared_continuations
from hwnas.spaces.space import Architectures

_Completions = tuple[NDArray[np.float64], NDArray[np.float64]]

_WIDEST = 64  # times k: prefixes that are kept where several budgets promise too much


def k_best(score: Trellis, problem: SearchProblem, count: int) -> tuple[Architectures, bool]:
    """(at most count, L) architectures of the greatest scores within every budget, best first.

    Beside them, whether they are certain to be the k best, up to the rounding of their scores:
    always with one budget; with several, unless over 64 times as many prefixes had to be kept.
    Where budgets hardly agree there may then be none.

    Raises:
        BudgetError: no network keeps the budgets, alone or together.
    """
    problem.check_sums("an exact search")
    problem.check_reachable()
    limits = problem.limits or (Limit(problem.cost, np.inf),)
    promises: list[_Promises] = [_Within(score, limit) for limit in limits]
    if len(limits) > 1:
        promises.append(_Priced(score, limits))
    width, slack = count, 1e-11 * score.magnitude
    while True:
        rows, missed = _beam(promises, problem, width)
        scores = score.evaluate(rows)
        order = np.argsort(-scores, kind="stable")[:count]
        enough = len(order) == count and scores[order[-1]] >= missed - slack
        if enough or missed == -np.inf or width >= _WIDEST * count:
            break
        width *= 2
    if not len(rows) and missed == -np.inf:
        raise BudgetError(out_of_reach(problem))
    return rows[order], bool(enough or missed == -np.inf)


def _beam(
    promises: "list[_Promises]", problem: SearchProblem, width: int
) -> tuple[Architectures, float]:
    """(N, L) the most promising networks, and the most that a prefix left out has promised."""
    rows, missed = np.zeros((1, 0), dtype=np.int64), -np.inf
    for slot in range(problem.length):
        _, rows = extensions(problem, rows)
        if len(rows) > width:
            promised = np.min([promise.of(slot, rows) for promise in promises], axis=0)
            order = np.argsort(-promised, kind="stable")
            missed = max(missed, float(promised[order[width]]))
            rows = rows[order[:width]]
    return rows[problem.feasible(rows)], missed


class _Promises(Protocol):
    """How good prefixes can become, at most."""

    def of(self, slot: int, prefixes: Architectures) -> NDArray[np.float64]:
        """(N,) for prefixes (N, slot + 1); -inf where none is within the budget."""


class _Priced:
    """The best score that a prefix can reach within several budgets together, by their prices."""

    def __init__(self, score: Trellis, limits: Sequence[Limit]) -> None:
        self._score, dual = score, Dual.of(score, limits)
        self._costs = dual.costs
        self._bounds = np.array(dual.limits)
        prices = dual.bounds(self._bounds[None]).prices
        self._prices, self._rest = prices[0], [rest[0] for rest in dual.completions(prices)]
        self._slack = float(dual.rounding(prices)[0])

    def of(self, slot: int, prefixes: Architectures) -> NDArray[np.float64]:
        """(N,) for prefixes (N, slot + 1)."""
        rest = self._rest[slot]
        promised = self._score.evaluate(prefixes) + self._slack
        promised += rest[prefixes[:, 0] if len(rest) > 1 else 0, prefixes[:, -1]]
        for price, bound, cost in zip(self._prices, self._bounds, self._costs, strict=True):
            promised += price * (bound - cost.evaluate(prefixes))
        return promised


class _Within:
    """The best score that a prefix can reach within one budget, exactly."""

    def __init__(self, score: Trellis, limit: Limit) -> None:
        self._score, self._limit = score, limit
        self._continuations = shared_continuations((score, limit.trellis))
        # Per slot, by number of its continuations: (costs, scores) of all undominated completions.
        self._fronts: list[dict[int, _Completions]] = []
        for slot in range(len(score.steps) - 1, -1, -1):
            fronts: dict[int, _Completions] = {}
            sheets, choices = len(self._continuations.numbers[slot]), score.steps[slot].shape[2]
            for sheet, choice in itertools.product(range(sheets), range(choices)):
                number = self._continuations.number(slot, sheet, choice)
                if number not in fronts:
                    fronts[number] = self._completions(slot, sheet, choice)
            self._fronts.insert(0, fronts)

    def _completions(self, slot: int, sheet: int, choice: int) -> "_Completions":
        if slot + 1 == len(self._score.steps):
            return np.full(1, self._limit.trellis.nothing), np.zeros(1)
        gains = self._score.step(slot + 1, sheet, choice)
        steps = self._limit.trellis.step(slot + 1, sheet, choice)
        costs, scores = [np.zeros(0)], [np.zeros(0)]
        for number, choices in self._continuations.following(slot + 1, sheet, choice):
            after_costs, after_scores = self._fronts[0][number]
            join = self._limit.trellis.combine
            costs.append(join(steps[choices][:, None], after_costs).reshape(-1))
            scores.append((gains[choices][:, None] + after_scores).reshape(-1))
        every_cost, every_score = np.concatenate(costs), np.concatenate(scores)
        order = pareto_order(every_cost, every_score)
        return every_cost[order], every_score[order]

    def of(self, slot: int, prefixes: Architectures) -> NDArray[np.float64]:
        """(N,) for prefixes (N, slot + 1); -inf where none is within the budget."""
        spent = self._limit.trellis.evaluate(prefixes)
        scores = self._score.evaluate(prefixes)
        every = self._continuations.numbers[slot]
        numbers = every[prefixes[:, 0] if len(every) > 1 else 0, prefixes[:, -1]]
        allowance = self._limit.bound + self._limit.rounding
        if self._limit.trellis.combine is np.add:
            left = allowance - spent
        else:
            left = np.where(spent <= allowance, allowance, -np.inf)
        promised = np.full(len(prefixes), -np.inf)
        for number in np.unique(numbers):
            costs, gains = self._fronts[slot][int(number)]
            members = np.flatnonzero(numbers == number)
            place = np.searchsorted(costs, left[members], side="right")
            gain = np.concatenate(([-np.inf], gains))[place]
            promised[members] = scores[members] + gain
        return promised
