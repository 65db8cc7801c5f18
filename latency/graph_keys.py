"""Keys of graphs in a table: of single blocks, of chains, and of whole networks."""

from hwnas.core.digests import digest
from hwnas.networks.blocks import Network, block_key

_DIGITS = 24


def network_key(network: Network) -> str:
    """The key of a whole network in a table: a hash of its blocks' keys."""
    return f"network {_digest(network)}"


def chain_key(blocks: Network) -> str:
    """The key of a chain in a table, see `hwnas.latency.chains`: a hash of its blocks' keys."""
    return f"chain {_digest(blocks)}"


def graph_kind(key: str) -> str:
    """What a key is of: "block", "chain" or "network"."""
    start = key.partition(" ")[0]
    return start if start in ("chain", "network") else "block"


def graph_key(kind: str, blocks: Network) -> str:
    """The key of the blocks of a graph of one kind; "" for a single block that is several."""
    if kind == "block":
        return block_key(blocks[0]) if len(blocks) == 1 else ""
    return network_key(blocks) if kind == "network" else chain_key(blocks)


def _digest(blocks: Network) -> str:
    return digest("\n".join(map(block_key, blocks)), _DIGITS)
