"""DDPNAS' pruning (Zheng et al. 2019, arXiv 1905.13543): each choice is judged as often."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.exact.sampling import sample_feasible
from hwnas.search.policies.permutations import balanced, moved, permuted
from hwnas.search.shrinkers.effects import losses, mean_scores
from hwnas.search.shrinkers.shrinker import Shrinker, Weak
from hwnas.spaces.space import Architectures

_CANDIDATES = 8  # networks within the budgets for each that is judged


class PermutationSettings(StrictModel):
    """How scores become values.

    Attributes:
        sharpness: of the softmax over the mean scores of a slot's choices, in standard deviations.
    """

    sharpness: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0


class PermutationShrinker(Shrinker):
    """A round is a permutation of the choices that are left in every slot.

    After each stage the softmax of their mean scores moves their velocities, these their values,
    and the least go. Of permutations hardly any keeps a budget: with one, networks within it are
    judged whose choices were judged least.
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
        count = self.stage.networks - self.judged
        if count <= 0:
            return np.zeros((0, problem.length), dtype=np.int64)
        if problem.every_limit:
            some = sample_feasible(problem, self.generator, _CANDIDATES * count)
            count = min(count, len(some))
            rows = balanced(choices, some, np.zeros(choices.total), count, once=True)
        else:
            alive = np.ones(choices.total, dtype=np.bool_)
            rows = permuted(choices, alive, self.generator)[:count]
            rows = problem.space.canonical(rows)
        self.judged = self.stage.networks if problem.every_limit else self.judged + len(rows)
        return rows

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
