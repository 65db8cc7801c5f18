"""Problem: a space, what its networks cost, and how much of it they may."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hwnas.api.checks import a_sequence, check_model, check_objective, check_space
from hwnas.api.progress import PythonListener
from hwnas.core.errors import BudgetError, ConfigError
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.family import AnyEnergy, AnyLatency, AnyModel
from hwnas.latency.model import LatencyModel
from hwnas.networks.blocks import Network
from hwnas.objectives.budgets import ENERGY, LATENCY, MEASURED, Budget, device_of
from hwnas.objectives.costs import COSTS, load_cost
from hwnas.objectives.measured import measured_objective
from hwnas.objectives.objective import Objective, amount, values_of
from hwnas.runs.defaults import SHRUNK_KEEP, SHRUNK_NETWORKS, SHRUNK_STAGES
from hwnas.runs.model_warnings import warn_of_model
from hwnas.search.make_problem import make_problem
from hwnas.search.problem import SearchProblem
from hwnas.search.score import Of
from hwnas.spaces import Space
from hwnas.spaces.references.of_space import reference_of

if TYPE_CHECKING:
    from hwnas.search.shrinkers import Shrinker
    from hwnas.search.shrinkers.shrinking import Shrunk

# What a person wants to know of every network.
_ALWAYS = ("macs", "params")
_HOW = {LATENCY: "as the second argument of Problem", ENERGY: "as energy=model"}


class Problem:
    """What is searched: maximise a score against a cost, within every budget.

    Attributes:
        space: the search space, or family of spaces.
        reference: the published network that "75 % of reference" refers to, of a family at the
            largest resolution; None where the space names none.
        objectives: what is known of every network by name, the front's cost first.
        search_problem: the same, laid over the space, as searchers take it.
    """

    def __init__(
        self,
        space: Space,
        latency: AnyLatency | None = None,
        *,
        budgets: Mapping[str, str | float] | None = None,
        further: Mapping[str, AnyLatency] | None = None,
        energy: AnyEnergy | None = None,
        objectives: Sequence[Objective] = (),
        cost: str | None = None,
    ) -> None:
        """Puts a problem together; warns of latency and energy models that cannot be relied on.

        Args:
            space: the search space, or a family of several resolutions and widths.
            latency: of `profile` or `load_latency`; None where no device matters.
            budgets: hard limits by objective, as in `{"latency": "75 % of reference", "macs":
                "3 M", "latency@phone": "12 ms"}`; a number is in the objective's own unit. Those on
                `file_size` and `peak_memory` count fp32 values, whatever the device's precision.
            further: the latency models of further devices, by the name that budgets call them.
            energy: of `load_energy`, for budgets on it and for `cost="energy"`.
            objectives: of your own; budgets and `cost` know them by their names.
            cost: the objective that the front trades against the score; the latency by default,
                MACs without one.

        Raises:
            HwnasError: a budget cannot be read, is out of reach, or refers to what is not there;
                or an argument is something else than it should be.
        """
        check_space(space)
        self.space, self.reference = space, reference_of(space)
        models = _models(latency, further, energy)
        given: dict[str, Objective] = {
            name: measured_objective(model, name) for name, model in models.items()
        }
        for objective in a_sequence(objectives, "objectives"):
            check_objective(objective)
        own = {objective.name: objective for objective in objectives}
        given |= own
        known = {}
        for name, text in _mapping(budgets, "budgets", '{"macs": "3 M"}').items():
            known[name] = _read(name, text, own.get(name))
            _check_measured(name, given)
        axis = cost or (LATENCY if latency is not None else "macs")
        _check_measured(axis, given, what="the cost")
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
        for name, model in models.items():
            warn_of_model(PythonListener(), model, "" if name in (LATENCY, ENERGY) else name)

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
        """The (N,) values of every objective of N networks, by name.

        Raises:
            HwnasError: an objective of your own gives something else than N finite numbers.
        """
        return {name: values_of(one, networks) for name, one in self.objectives.items()}

    def shrink(
        self,
        score: Any,
        *,
        method: "str | type[Shrinker]" = "pad_nas",
        stages: int = SHRUNK_STAGES,
        networks: int = SHRUNK_NETWORKS,
        keep: float = SHRUNK_KEEP,
        seed: int = 0,
        settings: Mapping[str, Any] | None = None,
        of: Of = "networks",
    ) -> "Shrunk":
        """Takes choices away from the space that promise little within the budgets.

        Args:
            score: what is to be maximised, see `run_search`.
            method: "pad_nas", "da_nas", "neas" or "ddpnas", or a class of your own.
            stages: after each some choices go.
            networks: judged in each stage, at most.
            keep: the share of the networks within the budgets that is left at least.
            seed: of everything random.
            settings: of the shrinker that are not at their defaults.
            of: whether a function is given "networks", or "architectures": an (N, L) array.

        Returns:
            What is left: `space` is a space like others, `gone` says why the other choices went.

        Raises:
            HwnasError: there is no such shrinker or setting, or the score returns something else
                than a finite number for each network.
        """
        from hwnas.api.shrinking import shrink_plan, shrink_problem

        plan = shrink_plan(method, stages, networks, keep, seed, settings)
        return shrink_problem(self.search_problem, score, plan, of)

    def __repr__(self) -> str:
        budgets = ", ".join(
            f"{name} ≤ {amount(bound)} {self.units[name]}" for name, bound in self.bounds.items()
        )
        return (
            f"Problem({self.space.name}: {self.space.size:,} networks, "
            f"{budgets or 'no budgets'}, front against {self.cost_name})"
        )


def _models(
    latency: AnyLatency | None,
    further: Mapping[str, AnyLatency] | None,
    energy: AnyEnergy | None,
) -> dict[str, AnyModel]:
    """The models by the names of their budgets.

    Raises:
        ConfigError: one is something else.
    """
    models: dict[str, AnyModel] = {}
    if latency is not None:
        models[LATENCY] = check_model(latency, LatencyModel, "latency")
    for name, model in _mapping(further, "further", '{"phone": model}').items():
        models[f"{LATENCY}@{name}"] = check_model(model, LatencyModel, f"further['{name}']")
    if energy is not None:
        models[ENERGY] = check_model(energy, EnergyModel, "energy")
    return models


def _mapping(given: Any, what: str, example: str) -> Mapping[str, Any]:
    """A dictionary; an empty one for None.

    Raises:
        ConfigError: it is something else.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"{what} must be a dictionary, as in {what}={example}, and not of the type "
            f"{type(given).__name__}"
        )
    return given


def _read(name: str, text: Any, cost: Objective | None) -> Budget:
    """A budget; a plain number is in the objective's own unit.

    Raises:
        BudgetError: it cannot be read, or is not a positive number.
    """
    if isinstance(text, str):
        return Budget.of(name, text, cost)
    if isinstance(text, bool) or not isinstance(text, Real):
        raise BudgetError(
            f"the {name} budget must be a number or a text such as '75 % of reference', and not "
            f"of the type {type(text).__name__}"
        )
    number = float(text)
    if not 0 < number < math.inf:
        raise BudgetError(
            f"the {name} budget must be a positive number and is {text}; write the most allowed"
        )
    return Budget(name, number, of_reference=False, text=number)


def _check_measured(name: str, given: Mapping[str, Objective], what: str = "a budget") -> None:
    """Refuses a budget, or a front's cost, that no device was measured for.

    Raises:
        BudgetError: says how to give it.
    """
    device = device_of(name)
    if name in given:
        return
    if device is None and name not in MEASURED:
        COSTS.check(name, [*given])
        return
    how = f"as further={{'{device}': model}}" if device else _HOW[name]
    is_on = "there is a budget on" if what == "a budget" else "the front's cost is"
    raise BudgetError(f"{is_on} {name}, and nothing predicts it; give it {how}")
