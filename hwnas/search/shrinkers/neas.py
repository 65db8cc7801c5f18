"""NEAS' shrinking (Chen et al. 2021, arXiv 2104.00597): by potential and diversity of paths."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.shrinkers.shrinker import Shrinker, Weak
from hwnas.spaces.space import Architectures


class PotentialSettings(StrictModel):
    """What the paths of a choice are judged by.

    Attributes:
        best: the share of the networks with a choice that its potential is the mean score of.
        diversity: the weight of how much these differ, beside their potential, where both are in
            standard deviations.
    """

    best: Annotated[float, Field(gt=0, le=1)] = 0.25
    diversity: Annotated[float, Field(ge=0, le=10)] = 0.2


class PotentialShrinker(Shrinker):
    """Judges random networks; a choice stays by how good the best with it are, and how diverse.

    The potential is the mean score of the best networks that have the choice, the diversity the
    mean share of the slots in which two of these differ. The paper's own formulas are not public in
    its abstract; these are ours.
    """

    name: ClassVar[str] = "neas"
    settings_model: ClassVar[type[StrictModel]] = PotentialSettings
    settings: PotentialSettings

    @override
    def weakest(self, architectures: Architectures, scores: NDArray[np.float64]) -> list[Weak]:
        choices = self.stage.choices
        potential, diversity = np.empty(choices.total), np.empty(choices.total)
        for place, slot in enumerate(choices.slots.tolist()):
            having = np.flatnonzero(architectures[:, slot] == place - choices.starts[slot])
            if not len(having):
                potential[place], diversity[place] = scores.mean(), 0.0
                continue
            count = max(1, round(self.settings.best * len(having)))
            paths = having[np.argsort(-scores[having], kind="stable")[:count]]
            potential[place] = scores[paths].mean()
            diversity[place] = _diversity(architectures[paths])
        values = np.zeros(choices.total)
        for part, weight in ((potential, 1.0), (diversity, self.settings.diversity)):
            best = np.maximum.reduceat(part, choices.starts)[choices.slots]
            values += weight * (part - best) / (part.std() or 1.0)
        why = [
            f"the best networks with it score {one:.4g} and differ in {other:.0%} of the slots"
            for one, other in zip(potential.tolist(), diversity.tolist(), strict=True)
        ]
        return self.in_order(values, why)


def _diversity(rows: Architectures) -> float:
    """The mean share of slots in which two of (N, L) networks differ; 0 of one."""
    if len(rows) < 2:
        return 0.0
    count, equal = len(rows), 0.0
    for column in rows.T:
        _, times = np.unique(column, return_counts=True)
        equal += float((times * (times - 1)).sum())
    pairs: int = count * (count - 1) * rows.shape[1]
    return float(1.0 - equal / pairs)
