"""Networks spread over a whole space: from its smallest to its largest, and in other ways too."""

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import Block, Skip
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.spaces.space import Architectures, SearchSpace, Slot

# Uniform choices cluster: the costs of some twenty slots add up to a narrow bell. Choices are drawn
# with weights e^(Σ tilt × z), z their standardised traits. Tilts of the MACs from -TILT to TILT
# reach both ends; random ones of the other traits make networks of equal MACs differ in kernels,
# depth and width, as those that a search finds do: it looks for what is unusual.
TILT = 2.0
OTHER_TILTS = 1.5


def spread_sample(space: SearchSpace, generator: np.random.Generator, count: int) -> Architectures:
    """(at most count, L) distinct canonical architectures from the least MACs to the most.

    The first is the smallest network and the last the largest; a space that holds fewer than
    `count` gives as many as were found.
    """
    traits = [_traits(slot) for slot in space.slots]
    rows = [[int(values[:, 0].argmin()) for values in traits]]
    # A few more than asked for: small spaces repeat themselves.
    for tilt in np.repeat(np.linspace(-TILT, TILT, count), 4):
        others = generator.normal(0.0, OTHER_TILTS, traits[0].shape[1] - 1)
        tilts = np.array([tilt, *others])
        row = []
        for values in traits:
            exponents = values @ tilts
            weights = np.exp(exponents - exponents.max())
            row.append(int(generator.choice(len(weights), p=weights / weights.sum())))
        rows.append(row)
    rows.append([int(values[:, 0].argmax()) for values in traits])
    found = np.unique(space.canonical(np.array(rows)), axis=0)
    order = np.argsort(MACS.evaluate(space.networks(found)), kind="stable")
    chosen = np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int))
    spread: Architectures = found[order][chosen]
    return spread


def _traits(slot: Slot) -> NDArray[np.float64]:
    """(choices, 4): MACs, parameters, kernel, and whether there is a block; standardised."""
    values = np.array([_of(block) for block in slot.choices], dtype=np.float64)
    deviation = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0))


def _of(block: Block) -> tuple[float, float, float, float]:
    if isinstance(block, Skip):
        return 0.0, 0.0, 0.0, 0.0
    kernel = float(getattr(block, "kernel", 1))
    return MACS.block_value(block), PARAMETERS.block_value(block), kernel, 1.0
