"""Second opinions on the networks of a front, kept in the journal beside their scores."""

import json
import math

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.core.errors import RunError
from hwnas.search.front import Front
from hwnas.search.journal import Journal

_DIGITS = 4


def note_corrected(journal: Journal, front: Front, corrected: NDArray[np.float64]) -> None:
    """Keeps what a second opinion expects of the networks of a front: (N,), in the score's unit."""
    journal.note(_key(front), json.dumps([round(value, _DIGITS) for value in corrected.tolist()]))


def noted_corrected(journal: Journal, front: Front) -> NDArray[np.float64] | None:
    """(N,) what was kept for this very front, None where nothing was.

    Raises:
        RunError: what was kept is damaged.
    """
    text = journal.noted(_key(front))
    if text is None:
        return None
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if (
        not isinstance(values, list)
        or len(values) != len(front.scores)
        or not all(type(value) is float and math.isfinite(value) for value in values)
    ):
        raise RunError(
            f"{journal.path} is damaged: its corrected scores are not one number for each network "
            "of the front; run 'hwnas search' with the same config again"
        )
    return np.array(values, dtype=np.float64)


def _key(front: Front) -> str:
    return f"corrected {digest(front.architectures.tobytes())}"
