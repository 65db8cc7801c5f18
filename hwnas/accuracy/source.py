"""What searchers ask for accuracies, whatever they come from, and how that is told."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces.space import Architectures, SearchSpace
from latency.blocks import Network
from objectives.accuracy.regression import CrossValidation
from objectives.objective import Objective


class AccuracySource(Protocol):
    """The accuracy of networks of one space; the supernet's and those of files."""

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) accuracies of N networks of the space, in percent."""

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) accuracies of a population (N, L), in percent.

        Raises:
            ValueError: not architectures of the space.
        """


@dataclass(frozen=True)
class SpaceAccuracy:
    """An accuracy objective over the architectures of a space."""

    space: SearchSpace
    objective: Objective

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) accuracies of N networks of the space, in percent."""
        return self.objective.evaluate(networks)

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) accuracies of a population (N, L), in percent."""
        return self.evaluate(self.space.networks(architectures))


@dataclass(frozen=True)
class Origin:
    """Where accuracies come from, as terminal, summary and report tell it.

    Attributes:
        source: supernet, table or predictor.
        file: the CSV; None for the supernet.
        rows: how many the file has.
        networks: how many distinct networks they are.
        chosen: of a predictor, its form.
        errors: of a predictor, the cross-validated errors of every form that was tried.
    """

    source: str
    file: str | None = None
    rows: int = 0
    networks: int = 0
    chosen: str | None = None
    errors: Mapping[str, CrossValidation] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What an accuracy of this origin is, for axes and headings."""
        if self.file is None:
            return "validation accuracy with supernet weights"
        if self.chosen is None:
            return f"accuracy in {self.file}"
        return f"accuracy predicted from {self.file}"

    def to_json(self) -> str:
        """As a JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Origin":
        """The inverse of `to_json`."""
        content = json.loads(text)
        errors = {name: CrossValidation(**each) for name, each in content.pop("errors").items()}
        return cls(**content, errors=errors)


@dataclass(frozen=True)
class Judge:
    """A source of accuracies, where it has them from, and what scores of it are bound to.

    `identity` goes into the journal: scores of another supernet or another file must not meet.
    """

    accuracy: AccuracySource
    origin: Origin
    identity: Mapping[str, str]
