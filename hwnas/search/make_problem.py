"""A search problem from a space, the front's cost and budgets as they are written."""

from collections.abc import Iterable, Mapping, Sequence

from hwnas.core.errors import BudgetError
from hwnas.networks.blocks import Network
from hwnas.objectives.budgets import Budget
from hwnas.objectives.costs import cost_fault, load_cost
from hwnas.objectives.objective import Objective, is_of_blocks
from hwnas.search.exact.exact_front import check_reachable_together
from hwnas.search.problem import CheckedLimit, Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import Space


def make_problem(
    space: Space,
    cost: Objective,
    budgets: Mapping[str, str | float] | Sequence[Budget] = (),
    objectives: Iterable[Objective] = (),
    reference: Network | None = None,
) -> SearchProblem:
    """Lays costs over a space and bounds them.

    Costs of blocks are laid over the space: searches keep budgets on them from the first choice on,
    and know which are out of reach. Budgets on any other cost are tested network by network; exact
    searches refuse them.

    Args:
        space: to search, or several at once.
        cost: the front's axis beside the score, put together from values of blocks.
        budgets: as texts by name, {"latency": "12 ms", "macs": "60 M"}, or read.
        objectives: costs that budgets, or the settings of searchers, name beside `cost` and the
            registered ones (`COSTS`).
        reference: what budgets of "75 % of reference" are shares of.

    Raises:
        BudgetError: a budget cannot be read, or names no cost; one is out of reach, or all
            together; or a cost is not to be minimised, or the front's is not one of blocks.
    """
    known = {one.name: one for one in (*objectives, cost)}
    for name, one in known.items():
        fault = cost_fault(one, name)
        if fault is not None:
            raise BudgetError(f"the objective '{name}' {fault}")
    if not is_of_blocks(cost):
        raise BudgetError(
            f"{cost.name} cannot be the cost of a front: it is not put together from values of "
            "blocks; take another cost, and write a budget on this one"
        )
    if isinstance(budgets, Mapping):
        budgets = [Budget.of(name, text, known.get(name)) for name, text in budgets.items()]
    axis = Trellis.of(space, cost)
    limits, tested = [], []
    for budget in budgets:
        one = known[budget.name] if budget.name in known else load_cost(budget.name)
        # Only where it is asked for: imported timings may lack blocks of the reference.
        like = reference if budget.of_reference else None
        bound = budget.bound(None if like is None else float(one.evaluate([like])[0]))
        if not is_of_blocks(one):
            tested.append(CheckedLimit(space, one, bound))
        else:
            limits.append(Limit(axis if one is cost else Trellis.of(space, one), bound))
    problem = SearchProblem(
        space, axis, tuple(limits), tested=tuple(tested), objectives=tuple(known.values())
    )
    check_reachable_together(problem)
    return problem
