"""DDPNAS' pruning (Zheng et al. 2019, arXiv 1905.13543): each choice is judged as often."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.policies.permutations import moved, permuted
from hwnas.search.searchers.promising import within
from hwnas.search.shrinkers.effects import losses, mean_scores
from hwnas.search.shrinkers.shrinker import Shrinker, Weak
from hwnas.spaces.space import Architectures

_TRIES = 200  # rounds in a row none of whose networks keeps the budgets


class PermutationSettings(StrictModel):
    """How scores become values.

    Attributes:
        sharpness: of the softmax over the mean scores of a slot's choices, in standard deviations.
    """

    sharpness: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0


class PermutationShrinker(Shrinker):
    """A round is a permutation of the choices that are left in every slot.

    After each stage the softmax of their mean scores moves their velocities, these their values,
    and the least go. With budgets only the networks of a round that keep them are judged.
    """

    name: ClassVar[str] = "ddpnas"
    settings_model: ClassVar[type[StrictModel]] = PermutationSettings
    settings: PermutationSettings

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self._velocities = np.zeros(self.choices.total)
        self._values = np.zeros(self.choices.total)

    @override
    def ask(self) -> Architectures:
        problem, choices = self.stage.problem, self.stage.choices
        alive = np.ones(choices.total, dtype=np.bool_)
        for _ in range(_TRIES):
            if self.judged >= self.stage.networks:
                break
            rows = problem.space.canonical(permuted(choices, alive, self.generator))
            rows = within(problem, rows)[: self.stage.networks - self.judged]
            if len(rows):
                self.judged += len(rows)
                return rows
        return super().ask()

    @override
    def weakest(self, architectures: Architectures, scores: NDArray[np.float64]) -> list[Weak]:
        choices, places = self.stage.choices, self.stage.places
        standard = (scores - scores.mean()) / (scores.std() or 1.0)
        means = mean_scores(self.stage, architectures, standard)
        alive = np.ones(choices.total, dtype=np.bool_)
        before = self._velocities[places]
        self._velocities[places] = moved(choices, alive, means, before, self.settings.sharpness)
        self._values[places] += self._velocities[places]
        values = self._values[places]
        best = np.maximum.reduceat(values, choices.starts)[choices.slots]
        why = [f"its value is {share:.2f} of the best one's" for share in (values / best).tolist()]
        return self.in_order(losses(self.stage, values), why)
