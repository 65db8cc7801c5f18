"""ChoiceValues: what each choice of each slot of a space is worth, as arrays and as a heat map."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import ConfigError
from hwnas.core.notebook import data_frame
from hwnas.search.exact.effects import ChoiceEffects
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.policies.history import ValueHistory
from hwnas.spaces.family import Space

if TYPE_CHECKING:
    from pandas import DataFrame

EPOCHS, NETWORKS = "after epoch {}", "after evaluation {}"
"""How the moments of a history are told: of a training, of a search."""

_OVER = {
    "": "",
    "neighbours": "the mean over the choices of the slots beside it",
    "sizes": "the mean over resolutions and widths",
    "paths": "the mean over the paths of its stage that have the choice",
}


@dataclass(frozen=True, eq=False)
class ChoiceValues:
    """A value for each choice of each slot.

    As the last line of a notebook's cell it shows itself as a heat map.

    Attributes:
        of: whose values they are, in a word: an estimator, a searcher, or "train.paths".
        title: the same as a heading.
        notes: sentences on what the values are.
        unit: of a value; "" where it has none.
        slots: their names.
        choices: of each slot, the names of its choices.
        values: L arrays (C,).
        chosen: the choices of a network to be framed; empty for none.
        framed: what that network is, as in "the best network of the front".
        seen: of values that were fitted to networks, L arrays (C,): how many of these have a
            choice; empty for others.
        history: what the values were before, and are now; None where that is not known.
        moment: how a moment of the history is told, with {} for its number.
    """

    of: str
    title: str
    notes: tuple[str, ...]
    unit: str
    slots: tuple[str, ...]
    choices: tuple[tuple[str, ...], ...]
    values: tuple[NDArray[np.float64], ...]
    chosen: tuple[int, ...] = ()
    framed: str = ""
    seen: tuple[NDArray[np.int64], ...] = ()
    history: ValueHistory | None = None
    moment: str = EPOCHS

    @classmethod
    def of_space(
        cls,
        space: Space,
        values: Sequence[NDArray[np.float64]],
        *,
        of: str,
        title: str,
        notes: Sequence[str] = (),
        unit: str = "",
        **more: Any,
    ) -> "ChoiceValues":
        """Values for the choices of a space; the other attributes by name.

        Raises:
            ValueError: they are not one finite number for each choice.
        """
        names, choices = names_of(space)
        counts = [len(one) for one in choices]
        if [len(one) for one in values] != counts or not np.isfinite(np.concatenate(values)).all():
            raise ValueError("there is not one finite number for each choice")
        history = more.get("history")
        if history is not None and (
            history.values.shape[1] != sum(counts) or not np.isfinite(history.values).all()
        ):
            raise ValueError("the history is not one finite number for each choice and moment")
        return cls(of, title, tuple(notes), unit, names, choices, tuple(values), **more)

    @classmethod
    def of_policy(cls, space: Space, searcher: str, history: ValueHistory) -> "ChoiceValues":
        """What a policy that has searched a space holds in the end.

        Raises:
            ValueError: the history has no moments, or is of other choices.
        """
        if not len(history.moments):
            raise ValueError("the history has no moments")
        last = history.values[-1].astype(np.float64)
        return cls.of_space(
            space,
            FlatChoices(space.choice_counts).split(last),
            of=searcher,
            title=f"What {searcher} holds of each choice",
            notes=["The policy's own values at the end of its search."],
            history=history,
            moment=NETWORKS,
        )

    @property
    def centred(self) -> tuple[NDArray[np.float64], ...]:
        """L arrays (C,): the values beside the mean of their slot, weighted by `seen`."""
        weights: Sequence[Any] = self.seen or [None] * len(self.values)
        return tuple(
            one - _mean(one, weight) for one, weight in zip(self.values, weights, strict=True)
        )

    def framing(self, chosen: Sequence[int], framed: str) -> "ChoiceValues":
        """The same with a network (L,) framed, and what it is."""
        return replace(self, chosen=tuple(map(int, chosen)), framed=framed)

    def at(self, index: int) -> "ChoiceValues":
        """The values at an earlier moment: 0 is the first of the history, -1 is now.

        Raises:
            ConfigError: there is no history, or none of that index.
        """
        kept = 0 if self.history is None else len(self.history.moments)
        if self.history is None or not -kept <= index < kept:
            raise ConfigError(
                f"the values of {self.of} are known at {kept:,} earlier moments, and there is no "
                f"moment {index}"
            )
        values = self.history.values[index].astype(np.float64)
        parts = FlatChoices(np.array([len(one) for one in self.values])).split(values)
        when = self.moment.format(f"{int(self.history.moments[index]):,}")
        title = f"{self.title}, {when}"
        return replace(self, title=title, values=tuple(parts), history=None)

    def to_dicts(self) -> list[dict[str, Any]]:
        """A row per choice: slot, choice, value, and whether the framed network has it."""
        chosen = self.chosen or (-1,) * len(self.values)
        return [
            {"slot": slot, "choice": name, "value": value, "chosen": chosen[i] == index}
            for i, slot in enumerate(self.slots)
            for index, (name, value) in enumerate(
                zip(self.choices[i], self.values[i].tolist(), strict=True)
            )
        ]

    def to_frame(self) -> "DataFrame":
        """The same as a pandas data frame.

        Raises:
            HwnasError: pandas is not installed.
        """
        return data_frame(self.to_dicts())

    def __repr__(self) -> str:
        number = sum(map(len, self.values))
        moments = 0 if self.history is None else len(self.history.moments)
        known = f", known at {moments:,} moments" if moments > 1 else ""
        return f"ChoiceValues({self.of}: {number:,} choices of {len(self.values)} slots{known})"

    def _repr_html_(self) -> str:
        from hwnas.estimators.heat_map import notebook_map

        return notebook_map(self)


def effects_notes(estimator: str, effects: ChoiceEffects) -> list[str]:
    """Sentences on what the values of a sum are."""
    notes = [
        f"A score of {estimator} is a sum of values of choices: these are its own, and not fitted "
        "to networks."
    ]
    if over := _OVER[effects.over]:
        notes.append(f"Each is {over}.")
    return notes


def names_of(space: Space) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The names of the slots of a space, and those of their choices."""
    first, names, choices = space.members[0], [], []
    if len(space.choice_counts) > len(first.slots):
        names.append("size")
        choices.append(tuple(f"{one.resolution} px, width {one.width:g}" for one in space.members))
    place: dict[int, int] = {}
    for slot in first.slots:
        place[slot.stage] = place.get(slot.stage, 0) + 1
        names.append(f"stage {slot.stage + 1}, block {place[slot.stage]}")
        choices.append(tuple(one.choice_name for one in slot.choices))
    return tuple(names), tuple(choices)


def _mean(values: NDArray[np.float64], seen: NDArray[np.int64] | None) -> float:
    if seen is None:
        return float(values.mean())
    return float(np.average(values, weights=seen)) if seen.any() else 0.0
