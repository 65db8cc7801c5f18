"""Fitting: what the values of blocks are from, and the correction, by leave-one-out error."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import TableError
from hwnas.latency.chains import chain_graphs, find_chains, marginals
from hwnas.latency.correction import Correction, fit_with_errors, surely_less
from hwnas.latency.model import Basis
from hwnas.networks.blocks import Block, Network, Skip, block_key


@dataclass(frozen=True)
class Fitted:
    """The basis that was chosen, its values of blocks by key, and their correction.

    `compared` has the mean leave-one-out error, %, of each basis that there was.
    """

    basis: Basis
    blocks: Mapping[str, float]
    correction: Correction
    compared: Mapping[str, float]


def basis_values(
    basis: Basis,
    blocks: Mapping[str, Block],
    measured: Mapping[str, float],
    unfinished: Collection[str] = (),
) -> dict[str, float] | None:
    """The value of every block by key, as a basis says; None where it lacks measurements.

    Args:
        basis: what they are from.
        blocks: by key; their chains follow from all of them.
        measured: values of all graphs by key.
        unfinished: keys of graphs that were not measured to the end.
    """
    alone = {key: measured[key] for key in blocks}
    if basis == "alone":
        return alone
    chains = find_chains(blocks.values())
    graphs = chain_graphs(chains)
    if not graphs or any(key in unfinished or key not in measured for key in graphs):
        return None
    return alone | marginals(chains, measured)


def fit_best(
    networks: Sequence[Network],
    actual: NDArray[np.float64],
    blocks: Mapping[str, Block],
    candidates: Mapping[Basis, Mapping[str, float]],
) -> Fitted:
    """The basis and the correction with the least leave-one-out error.

    Args:
        networks: N whole networks.
        actual: (N,) their values.
        blocks: all that will be predicted, by key.
        candidates: values of the blocks by basis, at least one, the simplest basis first; a
            later one is taken only if it is surely more right.

    Raises:
        TableError: the networks have other blocks, too.
    """
    for block in (one for network in networks for one in network if not isinstance(one, Skip)):
        if block_key(block) not in blocks:
            raise TableError(
                f"a model of this table was fitted to networks with the block "
                f"'{block.short_name}', which is not among its own; profile into a new table"
            )
    best: Fitted | None = None
    least, compared = np.empty(0), dict[str, float]()
    for basis, values in candidates.items():
        correction, errors = fit_with_errors(networks, actual, values, others=blocks.values())
        if errors.size:
            compared[basis] = 100 * float(errors.mean())
        if best is None or (errors.size and surely_less(errors, least)):
            if basis == "chain":
                correction = replace(correction, name=f"chains: {correction.name}")
            best, least = Fitted(basis, values, correction, {}), errors
    if best is None:
        raise ValueError("there are no values of blocks to fit")
    return replace(best, compared=compared)
