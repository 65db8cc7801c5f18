"""Problem: a space, what its networks cost, and how much of it they may."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.latency.model import LatencyModel
from hwnas.networks.blocks import Network
from hwnas.objectives.budgets import MEASURED, Budget, device_of
from hwnas.objectives.costs import load_cost
from hwnas.objectives.measured import measured_objective
from hwnas.objectives.objective import Objective, amount
from hwnas.runs.experiment import reference_of
from hwnas.search.make_problem import make_problem
from hwnas.search.problem import SearchProblem
from hwnas.spaces import SearchSpace

# What a person wants to know of every network.
_ALWAYS = ("macs", "params")


class Problem:
    """What is searched: maximise a score against a cost, within every budget.

    Attributes:
        space: the search space.
        reference: the published network that "75 % of reference" refers to; None where the space
            names none.
        objectives: what is known of every network by name, the front's cost first.
        search_problem: the same, laid over the space, as searchers take it.
    """

    def __init__(
        self,
        space: SearchSpace,
        latency: LatencyModel | None = None,
        *,
        budgets: Mapping[str, str | float] | None = None,
        further: Mapping[str, LatencyModel] | None = None,
        objectives: Sequence[Objective] = (),
        cost: str | None = None,
    ) -> None:
        """Puts a problem together.

        Args:
            space: the search space.
            latency: of `profile` or `load_latency`; None where no device matters.
            budgets: hard limits by objective, as in `{"latency": "75 % of reference", "macs":
                "3 M", "latency@phone": "12 ms"}`; a number is in the objective's own unit.
            further: the latency models of further devices, by the name that budgets call them.
            objectives: of your own; budgets and `cost` know them by their names.
            cost: the objective that the front trades against the score; the latency by default,
                MACs without one.

        Raises:
            HwnasError: a budget cannot be read, is out of reach, or refers to what is not there.
        """
        self.space, self.reference = space, reference_of(space)
        models = {} if latency is None else {"latency": latency}
        models |= {f"latency@{name}": model for name, model in (further or {}).items()}
        given: dict[str, Objective] = {
            name: measured_objective(model, name) for name, model in models.items()
        }
        own = {objective.name: objective for objective in objectives}
        given |= own
        known = {}
        for name, text in (budgets or {}).items():
            known[name] = _read(name, text, own.get(name))
            _check_measured(name, given)
        axis = cost or ("latency" if latency is not None else "macs")
        names = dict.fromkeys([axis, *given, *known, *_ALWAYS])
        self.objectives = {
            name: given[name] if name in given else load_cost(name) for name in names
        }
        self.search_problem: SearchProblem = make_problem(
            space,
            self.objectives[axis],
            list(known.values()),
            list(self.objectives.values()),
            self.reference,
        )

    @property
    def cost_name(self) -> str:
        """The objective that the front trades against the score."""
        return next(iter(self.objectives))

    @cached_property
    def bounds(self) -> dict[str, float]:
        """The most of an objective that a network may have, in its unit, by name."""
        return {limit.name: limit.bound for limit in self.search_problem.every_limit}

    @property
    def units(self) -> dict[str, str]:
        """The unit of each objective, by name."""
        return {name: objective.unit for name, objective in self.objectives.items()}

    def costs(self, networks: Sequence[Network]) -> dict[str, NDArray[np.float64]]:
        """The (N,) values of every objective of N networks, by name."""
        return {name: objective.evaluate(networks) for name, objective in self.objectives.items()}

    def __repr__(self) -> str:
        budgets = ", ".join(
            f"{name} ≤ {amount(bound)} {self.units[name]}" for name, bound in self.bounds.items()
        )
        return (
            f"Problem({self.space.name}: {self.space.size:,} networks, "
            f"{budgets or 'no budgets'}, front against {self.cost_name})"
        )


def _read(name: str, text: str | float, cost: Objective | None) -> Budget:
    """A budget; a plain number is in the objective's own unit.

    Raises:
        BudgetError: it cannot be read, or is not a positive number.
    """
    if isinstance(text, str):
        return Budget.of(name, text, cost)
    if not 0 < text < math.inf:
        raise BudgetError(f"the {name} budget {text} is no positive number; write the most allowed")
    return Budget(name, float(text), of_reference=False, text=text)


def _check_measured(name: str, given: Mapping[str, Objective]) -> None:
    """Refuses a budget on what no device was measured for.

    Raises:
        BudgetError: says how to give it.
    """
    device = device_of(name)
    if name in given or (device is None and name not in MEASURED):
        return
    how = f"as further={{'{device}': model}}" if device else "as the second argument of Problem"
    raise BudgetError(f"there is a budget on {name} and nothing that predicts it; give it {how}")
