"""The k best networks within budgets, exactly.

The fronts of all completions, found from the last slot to the first, tell for each prefix and what
is left of a budget the best that it can become. Prefixes are extended slot by slot and only the k
most promising kept: each leads to a network as good as promised, so that a prefix behind k others
cannot lead to one of the k best.
"""

import numpy as np
from numpy.typing import NDArray

from devices.errors import BudgetError
from hwnas.search.labels import continuations
from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.sampling import extensions
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures
from objectives.objective import pareto_order

_WIDEST = 64  # times k: prefixes that are kept where several budgets promise too much


def k_best(score: Trellis, problem: SearchProblem, count: int) -> tuple[Architectures, bool]:
    """(at most count, L) architectures of the greatest scores within every budget, best first.

    Beside them, whether they are certain to be the k best, up to the rounding of their scores:
    always with one budget; with several, unless over 64 times as many prefixes had to be kept.

    Raises:
        BudgetError: no network keeps the budgets, alone or together.
    """
    problem.check_reachable()
    promises = [_Promise(score, b) for b in problem.budgets or (Budget(problem.cost, np.inf),)]
    width, slack = count, 1e-11 * max(map(abs, score.range))
    while True:
        rows, missed = _beam(promises, problem, width)
        scores = score.evaluate(rows)
        order = np.argsort(-scores, kind="stable")[:count]
        enough = len(order) == count and scores[order[-1]] >= missed - slack
        if enough or missed == -np.inf or width >= _WIDEST * count:
            break
        width *= 2
    if not len(rows):
        raise BudgetError(f"no network of {problem.space.name} keeps all budgets together")
    return rows[order], bool(enough or missed == -np.inf)


def _beam(
    promises: "list[_Promise]", problem: SearchProblem, width: int
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


class _Promise:
    """The best score that a prefix can reach within one budget."""

    def __init__(self, score: Trellis, budget: Budget) -> None:
        self._score, self._budget = score, budget
        trellises = (score, budget.trellis)
        last = len(score.steps) - 1
        self._ways = [continuations(trellises, slot) for slot in range(last + 1)]
        # Per slot and number of its ways onward: (costs, scores) of all undominated completions.
        self._fronts: list[dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]]] = []
        for slot in range(last, -1, -1):
            ways = self._ways[slot]
            fronts = {}
            for number in np.unique(ways):
                sheet, choice = np.argwhere(ways == number)[0]
                fronts[int(number)] = self._completions(slot, int(sheet), int(choice))
            self._fronts.insert(0, fronts)

    def _completions(
        self, slot: int, sheet: int, choice: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if slot + 1 == len(self._score.steps):
            return np.zeros(1), np.zeros(1)
        onward = np.flatnonzero(self._score.allowed[slot + 1][choice])
        if not len(onward):
            return np.zeros(0), np.zeros(0)
        sheets, before = np.full(len(onward), sheet), np.full(len(onward), choice)
        cost = self._budget.trellis.added(slot + 1, sheets, before, onward)
        score = self._score.added(slot + 1, sheets, before, onward)
        ways = self._ways[slot + 1]
        after = [self._fronts[0][int(ways[sheet if len(ways) > 1 else 0, c])] for c in onward]
        combine = self._budget.trellis.combine
        costs = np.concatenate([combine(c, a[0]) for c, a in zip(cost, after, strict=True)])
        scores = np.concatenate([s + a[1] for s, a in zip(score, after, strict=True)])
        order = pareto_order(costs, scores)
        return costs[order], scores[order]

    def of(self, slot: int, prefixes: Architectures) -> NDArray[np.float64]:
        """(N,) for prefixes (N, slot + 1); -inf where none is within the budget."""
        spent = self._budget.trellis.evaluate(prefixes)
        scores = self._score.evaluate(prefixes)
        ways = self._ways[slot]
        numbers = ways[prefixes[:, 0] if len(ways) > 1 else 0, prefixes[:, -1]]
        allowance = self._budget.bound + self._budget.rounding
        if self._budget.trellis.combine is np.add:
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
