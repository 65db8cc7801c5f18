"""Where ensembles come from: what `hwnas.runs.ensembles.stage` builds, measures and exports."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from hwnas.networks.ensemble import Ensemble
from hwnas.networks.ensemble_module import EnsembleModule
from hwnas.runs.ensembles.form import Member

MOST_MEMBERS = 16


@dataclass(frozen=True)
class Proposed:
    """An ensemble that may be exported.

    Attributes:
        ensemble: its blocks.
        members: what is known of each.
        ways: how its members were found.
        accuracy: on the validation images, in %.
        diversity: see `hwnas.ensembles.pool.Pool.diversity`.
        module: makes it with the weights that are shipped; this may train it.
    """

    ensemble: Ensemble
    members: tuple[Member, ...]
    ways: tuple[str, ...]
    accuracy: float
    diversity: float
    module: Callable[[], EnsembleModule] = field(repr=False, compare=False)


class Source(Protocol):
    """Proposes ensembles that are predicted to keep the budget.

    Attributes:
        name: "front" or "supernet".
        trains: whether `Proposed.module` takes long, so that a graph without trained weights is
            measured first.
    """

    name: str
    trains: bool

    def check(self) -> None:
        """Refuses, before anything is trained, a budget that no two members keep.

        Raises:
            BudgetError: names what two would take.
        """

    def candidates(self) -> Iterator[Proposed]:
        """The most accurate first.

        Raises:
            TrainingError: a network cannot be trained.
        """

    @property
    def pool(self) -> tuple[Member, ...]:
        """The networks that were trained for it."""
