"""What searchers ask for accuracies, whatever they come from, and how that is told."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from hwnas.estimators import ESTIMATORS, SUPERNET
from hwnas.estimators.stated import Stated
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import Objective
from hwnas.objectives.statistics.intervals import Interval, interval_text, wilson
from hwnas.objectives.statistics.regression import CrossValidation
from hwnas.search.problem import KnownScore
from hwnas.spaces.space import Architectures, SearchSpace


class AccuracySource(Protocol):
    """The accuracy of networks of one space, or another score; more is better."""

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) scores of N networks of the space, in the unit of their `Origin`."""

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of a population (N, L), in the unit of their `Origin`.

        Raises:
            ValueError: not architectures of the space.
        """


@dataclass(frozen=True)
class SpaceAccuracy:
    """An objective that is to be maximised, over the architectures of a space."""

    space: SearchSpace
    objective: Objective

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks of the space, in the objective's unit."""
        return self.objective.evaluate(networks)

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) values of a population (N, L), in the objective's unit."""
        return self.evaluate(self.space.networks(architectures))


@dataclass(frozen=True)
class Origin:
    """Where scores come from and what they are, as terminal, summary and report tell it.

    Attributes:
        source: a key of `hwnas.estimators.ESTIMATORS`.
        file: the CSV; None where none is read.
        rows: how many the file has.
        networks: how many distinct networks they are.
        chosen: of a predictor, its form.
        errors: of a predictor, the cross-validated errors of every form that was tried.
        resolution: that the file states, in pixels.
        images: that the file states.
        judged_on: on how many images a score was taken, where it is an accuracy that was measured
            in this run; 0 where that is not known.
    """

    source: str
    file: str | None = None
    rows: int = 0
    networks: int = 0
    chosen: str | None = None
    errors: Mapping[str, CrossValidation] = field(default_factory=dict)
    resolution: int | None = None
    images: str | None = None
    judged_on: int = 0

    @property
    def label(self) -> str:
        """What a score of this origin is, for axes and headings."""
        return ESTIMATORS[self.source].label.replace("{file}", str(self.file))

    @property
    def unit(self) -> str:
        """The unit of a score: % of an accuracy."""
        return ESTIMATORS[self.source].unit

    @property
    def is_accuracy(self) -> bool:
        """Whether a score is an accuracy in percent; else it only puts networks in an order."""
        return self.unit == "%"

    def possible(self, score: float) -> bool:
        """Whether a score can be of this origin; any can that is no accuracy."""
        if not self.is_accuracy:
            return True
        # A regression may leave the range of what it was fitted to, but not by far.
        beyond = 100.0 if self.source == "predictor" else 0.0
        return -beyond <= score <= 100.0 + beyond

    def stated(self, resolution: int) -> list[str]:
        """Sentences on what the file states of its accuracies, which are used at a resolution."""
        if self.file is None:
            return []
        return Stated(self.resolution, self.images).sentences(self.file, resolution)

    @property
    def column(self) -> str:
        """What a column of scores is called in a CSV."""
        if self.source == SUPERNET:
            return "validation_accuracy"
        return "accuracy" if self.is_accuracy else self.source

    @property
    def heading(self) -> str:
        """What a column of scores is called in a table."""
        if self.source == SUPERNET:
            return "validation (%)"
        return "accuracy (%)" if self.is_accuracy else f"{self.source} ({self.unit})"

    @property
    def axis(self) -> str:
        """The label with the unit, where it does not say the unit by itself."""
        return axis_label(self.label, self.unit)

    def interval(self, score: float) -> Interval | None:
        """The 95 % interval of an accuracy in percent; None where the images are not known."""
        return wilson(score, self.judged_on) if self.judged_on and self.is_accuracy else None

    def text(self, score: float) -> str:
        """A score with its unit, as in "92.50 %", or "92.50 % (90.1–94.4)" with its interval."""
        return f"{self._plain(score)} {self.unit}{self._range(score)}"

    def number(self, score: float) -> str:
        """The same without the unit."""
        return f"{self._plain(score)}{self._range(score)}"

    def _plain(self, score: float) -> str:
        # Of a percentage hundredths count, of others some digits.
        return f"{score:.2f}" if self.is_accuracy else f"{score:,.7g}"

    def _range(self, score: float) -> str:
        interval = self.interval(score)
        return "" if interval is None else f" ({interval_text(interval)})"

    def to_dict(self) -> dict[str, Any]:
        """For documents: with what is known of the source."""
        return asdict(self) | {"label": self.label, "unit": self.unit}

    def to_json(self) -> str:
        """As a JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Origin":
        """The inverse of `to_json`.

        Raises:
            ValueError: the text is none, or names a source that is not known.
        """
        found = TypeAdapter(cls).validate_json(text, strict=True)
        if found.source not in ESTIMATORS:
            raise ValueError(f"the source {found.source} is not known")
        return found


@dataclass(frozen=True)
class Judge:
    """An estimator of one run, where its scores come from, and what they are bound to.

    `identity` goes into the journal: scores of another supernet, another file or another seed must
    not meet. `known` is the same score as `exact_front` searches it, where it costs nothing.
    `second_opinion` says of networks that were chosen for their scores what to expect of them
    instead, in the same unit; None where there is nothing to say that by.
    """

    accuracy: AccuracySource
    origin: Origin
    identity: Mapping[str, str]
    known: "KnownScore | None" = None
    second_opinion: Callable[[Architectures], NDArray[np.float64]] | None = None


def axis_label(label: str, unit: str) -> str:
    """What stands at an axis: the unit once."""
    return label if label == unit else f"{label} ({unit})"


def space_digest(space: SearchSpace) -> str:
    """16 hexadecimal digits that change with any block of a space."""
    return hashlib.sha256(space.identity.encode()).hexdigest()[:16]
