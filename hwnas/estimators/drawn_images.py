"""The training images that scores of untrained networks look at."""

import numpy as np

from hwnas.data.dataset import Split

IMAGES = 64
"""The batch of "Zero-Cost Proxies for Lightweight NAS" (Abdelfattah et al. 2021, arXiv
2101.08134)."""


def drawn(split: Split, seed: int, count: int = IMAGES) -> Split:
    """At most so many images with their labels, which a seed draws."""
    order = np.random.default_rng([seed, 1]).permutation(len(split))
    return split.at(np.sort(order[:count]))
