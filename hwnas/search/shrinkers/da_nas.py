"""DA-NAS (Dai et al. 2020, arXiv 2003.12563): what does worst on average goes first."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.shrinkers.effects import losses, mean_scores
from hwnas.search.shrinkers.shrinker import Shrinker, Weak
from hwnas.spaces.space import Architectures


class EasyFirstSettings(StrictModel):
    """How classes are added.

    Attributes:
        classes: the share of the images' classes, the easiest, of the first stage. It grows by the
            same factor from stage to stage, and the last one has all. By default all classes are
            in every stage: two or three easy ones of ten were learnt best by small networks, and
            the best of all classes went (docs/benchmarks/search.md).
    """

    classes: Annotated[float, Field(gt=0, le=1)] = 1.0


class MeanShrinker(Shrinker):
    """Judges random networks; a choice stays by the mean score of the networks that have it.

    Where a supernet is trained before each stage, it may learn the easiest classes first, which
    cost few images.
    """

    name: ClassVar[str] = "da_nas"
    settings_model: ClassVar[type[StrictModel]] = EasyFirstSettings
    settings: EasyFirstSettings

    @override
    def share_of_classes(self, stage: int, stages: int) -> float:
        later = (stages - stage) / max(1, stages - 1)
        return float(self.settings.classes**later)

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
