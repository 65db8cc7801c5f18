"""Values of choices that a search knows, kept in the journal: its score's, and its policies'."""

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwnas.estimators.scores import Scores
from hwnas.search.exact.effects import ChoiceEffects, Over
from hwnas.search.journal import Journal
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.policies.history import ValueHistory
from hwnas.spaces import Space

_OF_SCORE = "values"
# What a value of a history is rounded to: it is in single precision.
_DIGITS = 7
_FAULT = "its values of choices are not one finite number for each"

Number = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class _History(_Part):
    """A `ValueHistory`."""

    moments: list[Annotated[int, Field(ge=1, lt=2**62)]]
    values: list[list[Annotated[float, Field(ge=-3e38, le=3e38)]]]

    @classmethod
    def of(cls, history: ValueHistory) -> "_History":
        rows = [[float(f"{one:.{_DIGITS}g}") for one in row] for row in history.values.tolist()]
        return cls(moments=history.moments.tolist(), values=rows)

    def read(self, total: int) -> ValueHistory:
        """Raises ValueError where it is not one of T choices."""
        if any(len(row) != total for row in self.values):
            raise ValueError("there is not one number for each choice and moment")
        rows = np.array(self.values, dtype=np.float32).reshape(len(self.values), total)
        return ValueHistory.of(np.array(self.moments, dtype=np.int64), rows, total)


class _OfScore(_Part):
    """The values that a score is a sum of, and their history."""

    over: Over
    values: list[list[Number]]
    history: _History | None = None


def note_values(journal: Journal, scores: Scores) -> None:
    """Keeps the values that a score is a sum of; nothing of another score."""
    effects, history = scores.effects, scores.value_history
    if effects is None or not np.isfinite(np.concatenate(effects.values)).all():
        return
    kept = _OfScore(
        over=effects.over,
        values=[one.tolist() for one in effects.values],
        history=None if history is None else _History.of(history),
    )
    journal.note(_OF_SCORE, kept.model_dump_json())


def noted_values(
    journal: Journal, space: Space
) -> tuple[ChoiceEffects, ValueHistory | None] | None:
    """What was kept of the score; None of one that is no sum, or that an earlier version searched.

    Raises:
        RunError: it is damaged.
    """
    text = journal.noted(_OF_SCORE)
    if text is None:
        return None
    choices = FlatChoices(space.choice_counts)
    try:
        kept = _OfScore.model_validate_json(text)
        if [len(one) for one in kept.values] != choices.counts.tolist():
            raise ValueError("they are not one for each choice")
        history = None if kept.history is None else kept.history.read(choices.total)
    except (ValidationError, ValueError) as error:
        raise journal.damaged(_FAULT) from error
    return ChoiceEffects([np.array(one) for one in kept.values], kept.over), history


def note_learnt(journal: Journal, searcher: str, settings: str, history: ValueHistory) -> None:
    """Keeps what a searcher has held of each choice."""
    if np.isfinite(history.values).all():
        journal.note(_key(searcher, settings), _History.of(history).model_dump_json())


def noted_learnt(
    journal: Journal, searcher: str, settings: str, space: Space
) -> ValueHistory | None:
    """The same as it was kept; None where nothing was.

    Raises:
        RunError: it is damaged.
    """
    text = journal.noted(_key(searcher, settings))
    if text is None:
        return None
    try:
        found = _History.model_validate_json(text).read(int(space.choice_counts.sum()))
    except (ValidationError, ValueError) as error:
        raise journal.damaged(_FAULT) from error
    return found if len(found.moments) else None


def _key(searcher: str, settings: str) -> str:
    return f"learnt {searcher} {settings}"
