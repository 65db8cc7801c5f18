"""ShrinkPlan: how a space is to be shrunk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hwnas.search.shrinkers import Shrinker, shrinker_class


@dataclass(frozen=True)
class ShrinkPlan:
    """How a space is shrunk.

    Attributes:
        method: which shrinker.
        stages: how many; after each some choices go.
        networks: to be judged in each, at most.
        keep: the share of the networks within the budgets that is left at least.
        seed: of everything random.
        settings: of the shrinker that are not at their defaults.
    """

    method: str | type[Shrinker]
    stages: int
    networks: int
    keep: float
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the method.

        Raises:
            ConfigError: there is no such shrinker.
        """
        return shrinker_class(self.method).name

    def progress(self, stage: int, judged: int, left: float) -> tuple[int, int, str]:
        """Networks that were judged, of how many at most, and where that stands in words.

        Args:
            stage: from 1.
            judged: networks in it.
            left: the share that is left.
        """
        most = self.stages * self.networks
        done = min((stage - 1) * self.networks + judged, most)
        return done, most, f"stage {stage} of {self.stages}, {left:.1%} left"
