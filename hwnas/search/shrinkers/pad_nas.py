"""PAD-NAS (Xia et al. 2020): what the best networks of a search hardly ever have goes first."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.searchers import make_searcher
from hwnas.search.shrinkers.shrinker import Shrinker, Stage, Weak
from hwnas.spaces.space import Architectures


class FrequencySettings(StrictModel):
    """How the best networks are found.

    Attributes:
        searcher: that searches what is left in each stage.
        best: the share of the judged networks that are the best.
    """

    searcher: str = "evolution"
    best: Annotated[float, Field(gt=0, le=1)] = 0.2


class FrequencyShrinker(Shrinker):
    """Searches what is left within the budgets; a choice stays by its frequency in the best."""

    name: ClassVar[str] = "pad_nas"
    settings_model: ClassVar[type[StrictModel]] = FrequencySettings
    settings: FrequencySettings

    @override
    def begin(self, stage: Stage) -> None:
        super().begin(stage)
        seed = int(self.generator.integers(2**63))
        self._searcher = make_searcher(self.settings.searcher, stage.problem, stage.networks, seed)

    @override
    def ask(self) -> Architectures:
        return self._searcher.ask()

    @override
    def tell(self, architectures: Architectures, scores: NDArray[np.float64]) -> None:
        self._searcher.tell(architectures, scores)

    @override
    def weakest(self, architectures: Architectures, scores: NDArray[np.float64]) -> list[Weak]:
        count = max(1, round(self.settings.best * len(scores)))
        best = architectures[np.argsort(-scores, kind="stable")[:count]]
        found = self.stage.choices.sums(best, np.ones(count))
        why = [f"in {int(times)} of the {count} best networks" for times in found]
        return self.in_order(found / count, why)
