"""What a policy that drew the paths of a supernet's training has left in the supernet's file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import RunError
from hwnas.estimators.supernet.paths import VALUES
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.policies.history import HISTORY, MOMENTS, ValueHistory
from hwnas.spaces import Space
from hwnas.training.checkpoint import damaged
from hwnas.training.training_state import load_outcome


@dataclass(frozen=True)
class LearntValues:
    """Values of choices.

    Attributes:
        values: L arrays (C,), in the end.
        history: after epochs; None in files of earlier versions.
    """

    values: list[NDArray[np.float64]]
    history: ValueHistory | None


def read_learnt_values(
    path: Path,
    space: Space,
    belongs_to: Mapping[str, str] | None = None,
    name: str = VALUES,
) -> LearntValues | None:
    """What a training that has ended holds; None where it learnt none, as by uniform paths.

    Args:
        path: the training's file.
        space: whose choices they are.
        belongs_to: see `hwnas.training.training_state.load_trained`.
        name: of the values among what the training has learnt.

    Raises:
        RunError: there is no such file, or it is damaged, unfinished or of something else.
    """
    outcome = load_outcome(path, belongs_to or {})
    if name not in outcome:
        return None
    choices, values = FlatChoices(space.choice_counts), outcome[name]
    if values.shape != (choices.total,) or values.dtype != np.float64:
        raise RunError(f"{path} holds values of the choices of another space; train this one first")
    history = None
    if HISTORY in outcome and MOMENTS in outcome:
        try:
            history = ValueHistory.of(outcome[MOMENTS], outcome[HISTORY], choices.total)
        except ValueError as error:
            raise damaged(path, f"of its values of choices after each epoch, {error}") from error
    every = [values] if history is None else [values, history.values]
    if not all(np.isfinite(one).all() for one in every):
        raise damaged(path, "a value of a choice is no finite number")
    return LearntValues(choices.split(values), history)
