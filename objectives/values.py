"""What a person's function gives for networks, as one number for each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import HwnasError


def one_for_each(
    found: Any, count: int, what: str, *, error: type[HwnasError]
) -> NDArray[np.float64]:
    """(N,) the numbers of N networks.

    Args:
        found: what a function or an objective returned.
        count: N.
        what: names it in messages: "score", "objective depth".
        error: what to raise.

    Raises:
        HwnasError: of the type given: it is something else than one number for each.
    """
    try:
        values = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as problem:  # the last one of tensors
        raise error(
            f"the {what} returned {type(found).__name__}, not one number for each network"
        ) from problem
    if values.shape != (count,):
        raise error(
            f"the {what} returned {_counted(values.size, 'number')} in the shape {values.shape} "
            f"for {_counted(count, 'network')}; return one number for each"
        )
    return values


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
