"""The state of a random generator as an array of numbers, for files that hold nothing else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_HALF, _LOW = 64, 2**64 - 1


def generator_array(generator: np.random.Generator) -> NDArray[np.uint64]:
    """(6,) the state of a generator as `numpy.random.default_rng` makes it (PCG64)."""
    state = generator.bit_generator.state
    words = [half for key in ("state", "inc") for half in divmod(state["state"][key], _LOW + 1)]
    return np.array([*words, state["has_uint32"], state["uinteger"]], dtype=np.uint64)


def set_generator(generator: np.random.Generator, array: NDArray[Any]) -> None:
    """Sets a generator to a state that `generator_array` gave."""
    high, low, increment_high, increment_low, has, left = map(int, array.tolist())
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": high << _HALF | low, "inc": increment_high << _HALF | increment_low},
        "has_uint32": has,
        "uinteger": left,
    }
