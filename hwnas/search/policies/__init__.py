"""Policies by name: ours, and those of installed packages (entry points `hwnas.policies`).

A policy is one file and one line here; its module is imported when it is asked for. Each is a
searcher of the same name, too.
"""

from collections.abc import Mapping
from typing import Any

from hwnas.core.configs import parse_config
from hwnas.core.part_classes import class_of
from hwnas.core.registry import Registry
from hwnas.search.policies.policy import Policy
from hwnas.search.problem import SearchProblem

__all__ = ["POLICIES", "Policy", "make_policy", "policy_class"]

_HERE = "hwnas.search.policies"

POLICIES: Registry[type[Policy]] = Registry(
    "policy",
    "hwnas.policies",
    {
        "uniform": f"{_HERE}.uniform:Uniform",
        "mcts": f"{_HERE}.mcts:TreeSearch",
        "ddpnas": f"{_HERE}.ddpnas:PruningSearch",
        "mdenas": f"{_HERE}.mdenas:MultinomialSearch",
        "parsec": f"{_HERE}.parsec:ImportanceSearch",
    },
)


def policy_class(policy: str | type[Policy]) -> type[Policy]:
    """The policy of a name; a class is itself.

    Raises:
        ConfigError: there is no such policy, or an installed package's or a class is none.
    """
    return class_of(POLICIES, policy, Policy)


def make_policy(
    policy: str | type[Policy],
    problem: SearchProblem,
    planned: int,
    seed: int,
    settings: Mapping[str, Any] | None = None,
) -> Policy:
    """A policy by its name or its class, its settings by name.

    Args:
        policy: which.
        problem: the space and the budgets.
        planned: how many architectures it will draw in all.
        seed: of everything random.
        settings: what is not at its default.

    Raises:
        BudgetError: no network of the space keeps the budgets.
        ConfigError: there is no such policy or setting.
    """
    found = policy_class(policy)
    chosen = parse_config(dict(settings or {}), found.settings_model, found.name)
    return found(problem, planned, seed, chosen)
