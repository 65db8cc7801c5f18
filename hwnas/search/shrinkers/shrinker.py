"""Shrinker: what says which choices of a space promise least, stage by stage."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.core.configs import StrictModel
from hwnas.search.exact.sampling import sample_feasible
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.problem import SearchProblem
from hwnas.spaces.space import Architectures


@dataclass(frozen=True)
class Stage:
    """What a shrinker is given: what is left before it, and how much it may judge.

    Attributes:
        problem: the space of what is left, and the budgets. Architectures have its numbers.
        number: of the stage, from 1.
        stages: how many there are.
        networks: how many may be judged in it.
        places: (T',) where the choices that are left stand among all choices of all slots.
    """

    problem: SearchProblem
    number: int
    stages: int
    networks: int
    places: NDArray[np.int64]

    @property
    def choices(self) -> FlatChoices:
        """The choices that are left in a row."""
        return FlatChoices(self.problem.space.choice_counts)


@dataclass(frozen=True)
class Weak:
    """A choice to take away.

    Attributes:
        slot: of it.
        choice: its number among those that are left of the slot.
        why: in words.
    """

    slot: int
    choice: int
    why: str


class Shrinker(ABC):
    """Asks for networks of what is left of a space, learns their scores, and names what is weakest.

    The loop around it (`hwnas.search.shrinkers.shrinking`) takes the weakest away as far as a stage
    goes, never the last choice of a slot and nothing without which the budgets cannot be kept. A
    shrinker is a pure function of problem, seed and the scores that it is told: a stopped one
    resumes by replaying them.

    A shrinker of your own defines `name` and `weakest`, and perhaps `settings_model`, `prepare`,
    `begin`, `ask`, `tell` and `share_of_classes`; `hwnas.testing.shrinkers` tests that it keeps
    these rules.

    Attributes:
        problem: the whole space and the budgets.
        generator: for everything random.
        settings: of the shrinker's `settings_model`.
        choices: all choices of all slots of the whole space in a row.
        stage: the present one.
        judged: how many networks were asked for in it.
    """

    name: ClassVar[str]
    """What commands call it."""
    version: ClassVar[int] = 1
    """Raised when it asks for, or names, something else than before."""
    settings_model: ClassVar[type[StrictModel]] = StrictModel
    """What can be set, with a default for everything."""

    stage: Stage
    judged: int

    def __init__(self, problem: SearchProblem, seed: int, settings: StrictModel) -> None:
        """Begins with all choices.

        Args:
            problem: the whole space and the budgets.
            seed: of everything random.
            settings: of the shrinker's `settings_model`.
        """
        self.problem, self.settings = problem, settings
        self.generator = np.random.default_rng(seed)
        self.choices = FlatChoices(problem.space.choice_counts)
        self.prepare()

    def prepare(self) -> None:  # noqa: B027  # some keep nothing from stage to stage
        """Called once, before the first stage, with the attributes set."""

    def begin(self, stage: Stage) -> None:
        """Begins a stage; one that overrides it calls this first."""
        self.stage, self.judged = stage, 0

    def ask(self) -> Architectures:
        """(N, L) the next networks to judge, of what is left; none where the stage is over.

        By default random ones within the budgets, all at once.
        """
        rows = sample_feasible(
            self.stage.problem, self.generator, self.stage.networks - self.judged
        )
        self.judged = self.stage.networks
        return rows

    def tell(  # noqa: B027  # most learn at a stage's end
        self, architectures: Architectures, scores: NDArray[np.float64]
    ) -> None:
        """Learns the scores (N,) of the networks (N, L) that were asked for."""

    def share_of_classes(self, stage: int, stages: int) -> float:
        """Which share of the images' classes, the easiest, is learnt and judged in a stage.

        Where a supernet is trained before each stage; all of them by default.

        Args:
            stage: its number, from 1.
            stages: how many there are.
        """
        del stage, stages
        return 1.0

    @abstractmethod
    def weakest(self, architectures: Architectures, scores: NDArray[np.float64]) -> Sequence[Weak]:
        """The choices that are left, the least promising first; those to be kept may be left out.

        Args:
            architectures: (N, L) all networks of what is left that were judged, those of earlier
                stages, too, where their scores still hold.
            scores: (N,) theirs.
        """

    def in_order(self, values: NDArray[np.float64], why: Sequence[str]) -> list[Weak]:
        """The choices from the least value of (T',) up, with a reason each."""
        slots, starts = self.stage.choices.slots, self.stage.choices.starts
        return [
            Weak(int(slots[place]), int(place - starts[slots[place]]), why[place])
            for place in np.argsort(values, kind="stable").tolist()
        ]
