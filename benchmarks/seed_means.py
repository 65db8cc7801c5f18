"""Figures of several seeds as texts."""

import math
from collections.abc import Mapping, Sequence

import numpy as np


def means_of_seeds(figures: Sequence[Mapping[str, float]]) -> dict[str, str]:
    """Mean ± standard deviation over the seeds; of what is called a rank the median."""
    found = {}
    for key in figures[0]:
        values = np.array([one[key] for one in figures])
        spread = values.std(ddof=1) if len(values) > 1 else math.nan
        if key.startswith("rank"):
            found[key] = f"{np.median(values):g}"
        else:
            found[key] = f"{values.mean():.3f} ± {spread:.3f}"
    return found
