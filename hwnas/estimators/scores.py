"""Scores: what an estimator gives the networks of a space, and what that is."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from hwnas.core.errors import AccuracyError
from hwnas.estimators.choice_values import ChoiceValues, effects_notes
from hwnas.estimators.stated import Stated
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import Direction
from hwnas.objectives.statistics.intervals import Interval, interval_text, wilson
from hwnas.objectives.statistics.regression import CrossValidation
from hwnas.search.exact.effects import ChoiceEffects, SumOfChoices
from hwnas.search.outcome import StagedScore
from hwnas.search.policies.history import ValueHistory
from hwnas.search.problem import KnownScore
from hwnas.spaces.family import Space
from hwnas.spaces.space import Architectures


@dataclass(frozen=True)
class ScoreInfo:
    """What a score is and where it comes from, as terminal, summary and report say it.

    Attributes:
        estimator: its name.
        label: what a score is.
        unit: of a score; "%" of accuracies.
        short: what a score is called in tables.
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

    estimator: str
    label: str
    unit: str = "%"
    short: str = "accuracy"
    file: str | None = None
    rows: int = 0
    networks: int = 0
    chosen: str | None = None
    errors: Mapping[str, CrossValidation] = field(default_factory=dict)
    resolution: int | None = None
    images: str | None = None
    judged_on: int = 0

    @property
    def is_accuracy(self) -> bool:
        """Whether a score is an accuracy in percent; else it only puts networks in an order."""
        return self.unit == "%"

    def possible(self, score: float) -> bool:
        """Whether a score can be of this estimator; any can where it is no accuracy."""
        if not self.is_accuracy:
            return True
        # A regression may leave the range of what it was fitted to, but not by far.
        beyond = 100.0 if self.errors else 0.0
        return -beyond <= score <= 100.0 + beyond

    def stated(self, resolutions: Sequence[int]) -> list[str]:
        """Sentences on what the file states of its accuracies, and where these are used."""
        if self.file is None:
            return []
        return Stated(self.resolution, self.images).sentences(self.file, resolutions)

    @property
    def column(self) -> str:
        """What a column of scores is called in a CSV."""
        return self.short.replace(" ", "_")

    @property
    def heading(self) -> str:
        """What a column of scores is called in a table."""
        return f"{self.short} ({self.unit})"

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

    def values_of(
        self, space: Space, effects: ChoiceEffects, history: ValueHistory | None
    ) -> ChoiceValues:
        """The values that scores of a space are sums of.

        Raises:
            ValueError: they are not of the choices of that space.
        """
        return ChoiceValues.of_space(
            space,
            effects.values,
            of=self.estimator,
            title=f"What each choice is worth by {self.estimator}",
            notes=effects_notes(self.estimator, effects),
            unit="" if self.unit == "value" else self.unit,
            history=history,
        )

    def to_dict(self) -> dict[str, Any]:
        """For documents."""
        return asdict(self)

    def to_json(self) -> str:
        """As a JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "ScoreInfo":
        """The inverse of `to_json`.

        Raises:
            ValueError: the text is none.
        """
        return TypeAdapter(cls).validate_json(text, strict=True)


@dataclass(frozen=True)
class Scores:
    """The scores of all networks of one space, to be maximised; an Objective.

    Attributes:
        space: theirs.
        info: what a score is.
        identity: what scores depend on, as texts by name. It goes into a journal: scores of another
            supernet, another file or another seed must not meet.
        of_canonical: gives (N, L) canonical architectures their (N,) scores.
        exact: the same score in a form that is searched exactly, or as a whole, where it costs
            nothing.
        second_opinion: what to expect of (N, L) networks that were chosen for their scores, (N,) in
            the same unit; None where there is nothing to say that by.
        staged: what a search evaluates candidates by, where each is trained and may be stopped.
        value_history: of a sum over choices, what their values were on the way to what they are.
    """

    direction: ClassVar[Direction] = "maximize"

    space: Space
    info: ScoreInfo
    identity: Mapping[str, str]
    of_canonical: Callable[[Architectures], NDArray[np.float64]]
    exact: KnownScore | None = None
    second_opinion: Callable[[Architectures], NDArray[np.float64]] | None = None
    staged: StagedScore | None = None
    value_history: ValueHistory | None = None

    @property
    def name(self) -> str:
        """What a score is called in tables."""
        return self.info.short

    @property
    def unit(self) -> str:
        """Of a score."""
        return self.info.unit

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) scores of N networks of the space.

        Raises:
            ValueError: a network is not in the space.
        """
        return self.evaluate_architectures(self.space.architectures(networks))

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of a population (N, L).

        Raises:
            ValueError: not architectures of the space.
        """
        return self.of_canonical(self.space.canonical(architectures))

    @property
    def effects(self) -> ChoiceEffects | None:
        """The value of each choice, where a score is a sum of such values; None of any other."""
        return self.exact.effects if isinstance(self.exact, SumOfChoices) else None

    def choice_values(self, architecture: Architectures | Sequence[int] = ()) -> ChoiceValues:
        """What each choice of each slot is worth; a notebook shows it as a heat map.

        Args:
            architecture: (L,) a network to be framed; empty for none.

        Raises:
            AccuracyError: a score is no sum of values of choices.
            ValueError: not an architecture of the space.
        """
        effects = self.effects
        if effects is None:
            raise AccuracyError(
                f"scores of {self.info.estimator} are no sum of values of choices; take an "
                "estimator whose scores are, such as bn or policy, or 'run.choice_values()' of a "
                "run, which fits a sum to what was judged"
            )
        found = self.info.values_of(self.space, effects, self.value_history)
        if not len(architecture):
            return found
        row = self.space.canonical(np.asarray(architecture)[None])[0]
        return found.framing(row.tolist(), "the network that was given")


def axis_label(label: str, unit: str) -> str:
    """What stands at an axis: the unit once."""
    return label if label == unit else f"{label} ({unit})"
