"""Policy: what draws architectures, learns from their rewards, and ends in a value a choice."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.core.configs import StrictModel
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.search.exact.exact_front import check_reachable_together
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.policies.randomness import generator_array, set_generator
from hwnas.search.policies.walk import SPARE, Walk
from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

_GENERATOR = "generator"


class Policy(ABC):
    """Draws canonical architectures within the budgets, and learns from what they are worth.

    A policy does not know what its rewards are: scores of a search, or what the paths of a supernet
    lose while it is trained. It may draw an architecture again, and may be told of architectures
    that it has not drawn. It is a pure function of problem, planned draws, seed and what it is
    told. All that it has learnt lies in `learnt`, named arrays: with them a policy that is made
    anew draws the same to the last bit.

    Rewards are to be maximised, in any unit, and to be comparable over time: who draws while
    something else makes all rewards rise, such as training, relates them to their moving mean.

    A policy of your own defines `name`, `draw`, `learn` and `values`, and perhaps `settings_model`,
    `prepare` and `wanted`; `hwnas.testing.policies` tests that it keeps these rules.

    Attributes:
        problem: the space and the budgets.
        planned: how many architectures it will draw in all: schedules are shares of it.
        settings: of the policy's `settings_model`.
        generator: for everything random.
        choices: the choices of all slots in a row, as most arrays of `learnt` have them.
        walk: draws within the budgets.
        learnt: named arrays, all that later draws depend on; `prepare` adds those of the policy.
    """

    name: ClassVar[str]
    """What configs call it."""
    version: ClassVar[int] = 1
    """Raised when it draws something else than before: searches under way begin anew."""
    settings_model: ClassVar[type[StrictModel]] = StrictModel
    """What can be set, with a default for everything."""

    of_accuracies: ClassVar[bool] = False
    """Whether, in a training, its rewards are validation accuracies after each epoch.

    Else they are the losses of the paths that are trained.
    """

    growing: ClassVar[frozenset[str]] = frozenset()
    """The arrays of `learnt` whose first axis changes its length."""

    def __init__(
        self, problem: SearchProblem, planned: int, seed: int, settings: StrictModel | None = None
    ) -> None:
        """Begins.

        Args:
            problem: the space and the budgets; nothing else of it is looked at.
            planned: how many architectures it will draw in all, 1 or more.
            seed: of everything random.
            settings: of the policy's `settings_model`, None for its defaults.

        Raises:
            BudgetError: no network of the space keeps the budgets.
        """
        check_reachable_together(problem)
        self.problem, self.planned = problem, planned
        self.settings = self.settings_model() if settings is None else settings
        self.generator = np.random.default_rng(seed)
        self.choices = FlatChoices(problem.space.choice_counts)
        self.learnt: dict[str, NDArray[Any]] = {}
        self.walk = Walk(problem, self.learnt)
        self.prepare()

    def prepare(self) -> None:  # noqa: B027  # some policies learn nothing
        """Called once, before the first draw, with all attributes set: adds to `learnt`."""

    @abstractmethod
    def draw(self, count: int) -> Architectures:
        """(count, L) canonical architectures within the budgets; some may be equal."""

    @abstractmethod
    def learn(self, architectures: Architectures, rewards: NDArray[np.float64]) -> None:
        """Learns the rewards (N,), to be maximised, of canonical architectures (N, L)."""

    @abstractmethod
    def values(self) -> list[NDArray[np.float64]]:
        """L arrays (C,): what it holds of each choice, to be maximised; they are added up."""

    @property
    def wanted(self) -> int:
        """How many rewards it is to be told of before what it draws changes, 1 or more."""
        return 1

    @property
    def score(self) -> Trellis:
        """Its values as a sum over the space, which is searched exactly."""
        return Trellis.from_values(self.problem.space, self.name, "", 0.0, self.values())

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """Named arrays of numbers that `restore` goes on from; copies."""
        arrays = {name: array.copy() for name, array in self.learnt.items()}
        return {_GENERATOR: generator_array(self.generator), **arrays}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Goes on from the state of a policy that was made with the same arguments.

        Raises:
            ConfigError: it is the state of another policy or space.
        """
        expected = self.state
        for name in sorted({*expected, *state}):
            if name not in expected or name not in state:
                fault = f"{'lacks' if name in expected else 'has'} {shown(name)}"
            elif not self._fits(name, expected[name], state[name]):
                fault = f"has another form of {shown(name)}"
            else:
                continue
            raise ConfigError(
                f"this is no state of the policy {self.name} in {self.problem.space.name}: it "
                f"{fault}; begin anew"
            )
        set_generator(self.generator, np.asarray(state[_GENERATOR]))
        self.learnt.update({name: state[name].copy() for name in self.learnt})

    def _fits(self, name: str, own: NDArray[Any], given: NDArray[Any]) -> bool:
        """Whether an array can stand in the place of an own one."""
        start = int(name in self.growing or name == SPARE)
        same = own.ndim == given.ndim and own.shape[start:] == given.shape[start:]
        return same and own.dtype == given.dtype
