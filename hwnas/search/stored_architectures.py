"""Architectures at rest: lists of choices as text, as in "[1, 0, 3]"; there may be millions."""

import warnings
from collections.abc import Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from hwnas.core.stored_rows import TEXT

ARCHITECTURE = f"{TEXT} AND {{}} GLOB '[[][0-9]*]'"
"""The rule of a cell that holds one, as quick as a million rows need it; parsing tells the rest."""


def parsed_architectures(texts: Sequence[str]) -> NDArray[np.int64]:
    """(N, L) the choices in N texts, at least one, whose cells are as `ARCHITECTURE` says.

    Raises:
        ValueError: one is something else, or they have different numbers of choices.
    """
    slots = texts[0].count(",") + 1
    if set(map(str.count, texts, repeat(","))) != {slots - 1}:
        raise ValueError("two architectures have different numbers of choices")
    joined = ",".join(texts)
    if joined.count("[") != len(texts):
        raise ValueError("an architecture is a list of lists")
    # Several times as quick as JSON, which makes an object of every list.
    joined = joined.replace("[", "").replace("]", "")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # of what is no number
        try:
            found = np.fromstring(joined, dtype=np.int64, sep=",")
            return found.reshape(len(texts), slots)
        except (DeprecationWarning, ValueError) as error:
            raise ValueError("an architecture is no list of choices") from error
