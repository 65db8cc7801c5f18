"""Values that fill the inputs of a graph that is timed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def filled(
    shape: Sequence[int], dtype: np.dtype[Any], generator: np.random.Generator
) -> NDArray[Any]:
    """Random values for an input of this shape and type."""
    if dtype.kind == "f":
        return generator.standard_normal(shape).astype(dtype)
    if dtype.itemsize == 1 and dtype.kind in "iu":  # quantised images
        low, high = (-128, 128) if dtype.kind == "i" else (0, 256)
        return generator.integers(low, high, shape).astype(dtype)
    # indices and masks: zero and one are always valid
    return generator.integers(0, 2, shape).astype(dtype)
