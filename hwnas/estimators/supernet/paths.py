"""A policy as what draws the paths of a supernet's training."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError, ConfigError
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.objectives.budgets import Budget
from hwnas.objectives.costs import MACS
from hwnas.search.make_problem import make_problem
from hwnas.search.policies import Policy, make_policy, policy_class
from hwnas.search.policies.history import HISTORY, MOMENTS, ValueHistory, is_kept
from hwnas.search.problem import SearchProblem
from hwnas.spaces import Architectures
from hwnas.training.auto import steps_of_epoch
from hwnas.training.paths import Paths
from hwnas.training.rules import paths_of_step
from hwnas.training.train_config import UNIFORM

VALUES = "values"
"""The name, in what a training leaves, of a policy's values, those of all slots in a row."""

_MEAN, _OF_POLICY = "mean_loss", "policy/"
# Of the moving mean: that of about the last twenty paths, which is late by some steps only and adds
# a fortieth to the variance of a reward.
_SHARE = 0.05
# Paths that are judged after each epoch, on some hundred images: about as many passes as 2,000
# images of training.
_JUDGED = 4


class PolicyPaths:
    """Draws what a policy draws, and makes rewards of losses or accuracies.

    While a supernet is trained, all losses fall. The reward of a path is 1 - loss / mean, where the
    mean is the moving one of earlier steps: the share by which it loses less than paths did of
    late. (Published for MCT-NAS is mean / loss, which is the same to first order but has no bound
    where a loss comes close to 0.) The reward of an accuracy is its distance, in points, from the
    mean of those that were judged with the same weights.
    """

    def __init__(self, policy: Policy, budgets: Sequence[Budget] = ()) -> None:
        """Takes a policy that has drawn nothing, and the budgets that it draws within.

        A training is known by the budgets as they are written: when latencies are measured anew,
        what was trained by the old ones stays of use.
        """
        self.policy = policy
        self._mean = math.nan
        self._history = ValueHistory.empty(policy.choices.total)
        version = "" if policy.version == 1 else f", version {policy.version}"
        self.identity = f"{policy.name}{version} {policy.settings.model_dump_json()}"
        if budgets:
            self.identity += f" within {budgets_text(budgets)}"
        self.judged = _JUDGED if policy.of_accuracies else 0

    def draw(self, count: int, resolution: int, generator: np.random.Generator) -> Architectures:
        """(count, L) what the policy draws, by its own random numbers."""
        del resolution, generator
        return self.policy.draw(count)

    def learn_losses(self, paths: Architectures, losses: NDArray[np.float64]) -> None:
        """Takes the losses (N,) of the paths (N, L) of a step."""
        if self.judged:
            return
        mean = float(losses.mean()) if math.isnan(self._mean) else self._mean
        # Losses are 0 or more: with such a mean, all of them were 0.
        self.policy.learn(paths, 1.0 - losses / (mean or 1.0))
        for loss in losses.tolist():
            mean += _SHARE * (loss - mean)
        self._mean = mean

    def learn_accuracies(self, paths: Architectures, accuracies: NDArray[np.float64]) -> None:
        """Takes the accuracies (N,) of paths (N, L), of the same weights and images."""
        self.policy.learn(paths, accuracies - accuracies.mean())

    def end_epoch(self, epoch: int, epochs: int) -> None:
        """Keeps the policy's values, of at most a hundred epochs."""
        if is_kept(epoch, epochs):
            self._history = self._history.added(epoch, self.policy.values())

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """The policy's, the moving mean, and the history of the values."""
        of_policy = {_OF_POLICY + name: one for name, one in self.policy.state.items()}
        return {_MEAN: np.array([self._mean]), **self._kept, **of_policy}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Goes on from a state.

        Raises:
            ConfigError: it is that of another policy or space.
        """
        mean = state.get(_MEAN)
        if mean is None or mean.shape != (1,):
            raise ConfigError("this is no state of a policy in a training; begin anew")
        total = self.policy.choices.total
        history = ValueHistory.empty(total)
        if state.keys() & {MOMENTS, HISTORY}:  # not in files of earlier versions
            try:
                history = ValueHistory.of(state[MOMENTS], state[HISTORY], total)
            except (KeyError, ValueError) as error:
                raise ConfigError("this is no history of a policy's values; begin anew") from error
        rest = {name: one for name, one in state.items() if name not in (_MEAN, MOMENTS, HISTORY)}
        self.policy.restore({name.removeprefix(_OF_POLICY): one for name, one in rest.items()})
        self._mean, self._history = float(mean[0]), history

    @property
    def outcome(self) -> dict[str, NDArray[Any]]:
        """The policy's values, (T,) all slots in a row, and their history."""
        return {VALUES: np.concatenate(self.policy.values()), **self._kept}

    @property
    def shown(self) -> dict[str, float]:
        """Nothing: the heat map shows the values."""
        return {}

    @property
    def _kept(self) -> dict[str, NDArray[Any]]:
        return {MOMENTS: self._history.moments, HISTORY: self._history.values}


def paths_of(inputs: EstimatorInputs) -> Paths | None:
    """What draws the paths of a supernet's training; None for uniform ones without budgets.

    Raises:
        BudgetError: no network keeps the budgets, or one cannot be used.
        ConfigError: there is no such policy or setting, or the space has several resolutions.
        TableError: a budget is on latency, and there is no latency model.
    """
    config, space = inputs.recipe, inputs.space
    name, settings = config.policy
    budgets = tuple(config.budgets.values())
    if not config.drawn_by_policy:
        return None
    if len(space.resolutions) > 1:
        raise ConfigError(
            f"the policy {name} draws networks of any resolution, and every step of {space.name} "
            f"trains those of one of its {len(space.resolutions)}; name one resolution, or leave "
            f"out train.{'budgets' if name == UNIFORM else 'paths'}"
        )
    of_epoch = steps_of_epoch(config, len(inputs.dataset.train)) * paths_of_step(config)
    rewards = config.epochs * (_JUDGED if policy_class(name).of_accuracies else of_epoch)
    problem = problem_within(inputs, budgets)
    policy = make_policy(name, problem, max(1, rewards), config.seed, settings)
    return PolicyPaths(policy, budgets)


def budgets_text(budgets: Sequence[Budget]) -> str:
    """Equal exactly for equal budgets: as they are written, in one order."""
    return ", ".join(sorted(f"{budget.name} {budget.text}" for budget in budgets))


def problem_within(inputs: EstimatorInputs, budgets: Sequence[Budget]) -> SearchProblem:
    """The space with the budgets of a training; no image is looked at.

    Raises:
        BudgetError: no network keeps them, or one cannot be used.
        TableError: one is on latency, and there is no latency model.
    """
    made = inputs.problem or partial(make_problem, inputs.space, MACS)
    try:
        return made(budgets)
    except BudgetError as error:
        raise BudgetError(f"train.budgets: {error}") from error
