"""Networks spread over the whole range of a cost, from the smallest of a space to the largest."""

import numpy as np

from hwnas.spaces.space import Architectures, SearchSpace
from latency.blocks import Skip
from objectives.costs import MACS

# Uniform choices cluster: the costs of some twenty slots add up to a narrow bell. Choices are drawn
# with weights e^(tilt × z), z their standardised MACs, so that tilts from -TILT to TILT reach both
# ends.
TILT = 2.0


def spread_sample(space: SearchSpace, generator: np.random.Generator, count: int) -> Architectures:
    """(at most count, L) distinct canonical architectures from the least MACs to the most.

    The first is the smallest network and the last the largest; a space that holds fewer than
    `count` gives as many as were found.
    """
    costs = [
        np.array([0.0 if isinstance(b, Skip) else MACS.block_value(b) for b in slot.choices])
        for slot in space.slots
    ]
    standard = [(cost - cost.mean()) / (cost.std() or 1.0) for cost in costs]
    smallest = [int(cost.argmin()) for cost in costs]
    largest = [int(cost.argmax()) for cost in costs]
    rows = [smallest]
    # A few more than asked for: small spaces repeat themselves.
    for tilt in np.repeat(np.linspace(-TILT, TILT, count), 4):
        row = []
        for z in standard:
            weights = np.exp(tilt * (z - (z.max() if tilt > 0 else z.min())))
            row.append(int(generator.choice(len(z), p=weights / weights.sum())))
        rows.append(row)
    rows.append(largest)
    found = np.unique(space.canonical(np.array(rows)), axis=0)
    order = np.argsort(MACS.evaluate(space.networks(found)), kind="stable")
    chosen = np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int))
    spread: Architectures = found[order][chosen]
    return spread
