"""DA-NAS (Dai et al. 2020, arXiv 2003.12563): what does worst on average goes first."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.search.shrinkers.effects import losses, mean_scores
from hwnas.search.shrinkers.shrinker import Shrinker, Weak
from hwnas.spaces.space import Architectures


class MeanShrinker(Shrinker):
    """Judges random networks; a choice stays by the mean score of the networks that have it."""

    name: ClassVar[str] = "da_nas"

    @override
    def weakest(self, architectures: Architectures, scores: NDArray[np.float64]) -> list[Weak]:
        choices = self.stage.choices
        means = mean_scores(self.stage, architectures, scores)
        best = np.maximum.reduceat(means, choices.starts)[choices.slots]
        why = [
            f"networks with it score {mean:.4g} on average, those with another {other:.4g}"
            for mean, other in zip(means.tolist(), best.tolist(), strict=True)
        ]
        return self.in_order(losses(self.stage, means), why)
