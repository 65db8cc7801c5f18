"""DDPNAS' pruning (Zheng et al. 2019, arXiv 1905.13543): each choice is judged as often."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.policies.permutations import moved, permuted
from hwnas.search.shrinkers.effects import losses, mean_scores
from hwnas.search.shrinkers.shrinker import Shrinker, Weak
from hwnas.spaces.space import Architectures


class PermutationSettings(StrictModel):
    """How scores become values.

    Attributes:
        sharpness: of the softmax over the mean scores of a slot's choices, in standard deviations.
    """

    sharpness: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5


class PermutationShrinker(Shrinker):
    """A round is a permutation of the choices that are left in every slot.

    After each stage the softmax of their mean scores moves their velocities, these their values,
    and the least go. Of permutations hardly any keeps a budget: with one, random networks within it
    are judged. Published is a softmax of 100 times the accuracy, of which the best choice of a slot
    takes all; ours is softer, since choices of different slots are compared, too.
    """

    name: ClassVar[str] = "ddpnas"
    settings_model: ClassVar[type[StrictModel]] = PermutationSettings
    settings: PermutationSettings

    @override
    def prepare(self) -> None:
        self._velocities = np.zeros(self.choices.total)
        self._values = np.zeros(self.choices.total)

    @override
    def ask(self) -> Architectures:
        problem, choices = self.stage.problem, self.stage.choices
        if problem.every_limit:
            return super().ask()
        alive = np.ones(choices.total, dtype=np.bool_)
        drawn = permuted(choices, alive, self.generator)[: self.stage.networks - self.judged]
        self.judged += len(drawn)
        return problem.space.canonical(drawn)

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
