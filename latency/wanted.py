"""Wanted: the graphs that a model of a space needs measured, registered in a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hwnas.latency.chains import chain_graphs, find_chains
from hwnas.latency.correction import LEAST_NETWORKS
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.model import BASES, WHOLE, Basis
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Block, Network, block_key, distinct_blocks


@dataclass(frozen=True)
class Wanted:
    """Graphs by key, the keys of the networks to fit and to check by, and those of all blocks.

    `predicted` are the blocks that the model is for; `blocks` are the same, or none where they are
    not measured by themselves.
    """

    blocks: dict[str, Network]
    chains: dict[str, Network]
    networks: dict[str, Network]
    fit: tuple[str, ...]
    check: tuple[str, ...]
    predicted: tuple[str, ...]

    @property
    def bases(self) -> tuple[Basis, ...]:
        """What the model's blocks may be from."""
        if not self.blocks:
            return WHOLE
        return BASES if self.chains else BASES[:1]

    @property
    def all(self) -> dict[str, Network]:
        """Every graph."""
        return {**self.blocks, **self.chains, **self.networks}


def register_wanted(
    table: LatencyTable,
    blocks: Iterable[Block],
    fit_networks: Sequence[Network],
    check_networks: Sequence[Network],
    *,
    chains: bool,
    singly: bool = True,
) -> Wanted:
    """Registers the distinct blocks of all that is given, their chains, and the networks.

    Args:
        table: where they go.
        blocks: of the space, and of other networks to be predicted.
        fit_networks: whole networks to learn from.
        check_networks: whole networks to judge by.
        chains: whether chains are wanted; of fewer than `LEAST_NETWORKS` to fit by there are none.
        singly: whether blocks are measured by themselves; else nothing but the networks is.
    """
    needed = distinct_blocks([tuple(blocks), *fit_networks, *check_networks])
    wanted = singly and chains and len(fit_networks) >= LEAST_NETWORKS
    inside = chain_graphs(find_chains(needed)) if wanted else {}
    singles = register_all(table, needed if singly else (), [])
    table.register(inside)
    networks = register_all(table, [], [*fit_networks, *check_networks])
    fit, check = (tuple(map(network_key, some)) for some in (fit_networks, check_networks))
    return Wanted(singles, inside, networks, fit, check, tuple(map(block_key, needed)))
