"""Chains: what a block takes among other blocks, where alone it mostly waits for its launch.

On a fast GPU a small block alone takes the microseconds that starting any graph takes, whatever it
computes, and a network pays those once. So a block is also measured inside a longer graph, and
that graph without it is subtracted:

    marginal = (latency of the graph with n copies − latency of the graph without) / n

Both graphs begin, or end, with the same few cheap blocks, so that what is paid once a graph, and
the least time that any graph takes, is in both and goes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hwnas.latency.graph_keys import chain_key
from hwnas.networks.blocks import Block, Network, block_key, distinct_blocks

# Of the cheap block that every chain of a shape has, and of a block that can follow itself. Four
# mobile blocks are twelve kernels or more, well above the least time of a graph; each further copy
# makes a difference of long graphs, and their noise, larger.
COPIES = 4
# A block takes at least this share of its latency alone. The difference of two measurements may
# come out at nothing or less, and a block that costs nothing would be chosen everywhere.
LEAST_SHARE = 0.02

Shape = tuple[int, int]
"""Channels and resolution of what goes into a block or comes out of it."""


@dataclass(frozen=True)
class Chain:
    """How a block's marginal latency is measured.

    Attributes:
        block: of which block.
        base: the graph without it, a chain too.
        graph: the base with copies of the block behind it, or before it.
        copies: how many.
    """

    block: Block
    base: Network
    graph: Network
    copies: int

    @property
    def behind(self) -> bool:
        """Whether the block stands behind its base."""
        return self.graph[: len(self.base)] == self.base

    def marginal(self, measured: Mapping[str, float]) -> float:
        """What a copy adds, ms, at least `LEAST_SHARE` of the block's latency alone.

        Args:
            measured: ms of the block and of both graphs, by key.
        """
        longer, shorter = (measured[chain_key(graph)] for graph in (self.graph, self.base))
        least = LEAST_SHARE * measured[block_key(self.block)]
        return max((longer - shorter) / self.copies, least)


def find_chains(blocks: Iterable[Block]) -> dict[str, Chain]:
    """The chain of every block that has one, by the block's key.

    Of each shape the block with the least MACs that can follow itself (equal channels, stride 1)
    makes the base, `COPIES` times. A block stands behind the base of its input, or before that of
    its output: so a stem, which nothing can precede. Where there is neither, the chain of a
    neighbour with the least MACs is the base. Blocks that no base reaches have no chain. The same
    blocks in any order have the same chains.
    """
    waiting = sorted(distinct_blocks([tuple(blocks)]), key=_cost)
    ending: dict[Shape, Network] = {}
    for block in waiting:
        if _input(block) == _output(block):
            ending.setdefault(_input(block), (block,) * COPIES)
    beginning = dict(ending)
    chains: dict[str, Chain] = {}
    while found := [chain for block in waiting if (chain := _chain(block, ending, beginning))]:
        # Behind all of a sweep: a base that is itself a chain is as short as it can be.
        for chain in found:
            chains[block_key(chain.block)] = chain
            if chain.behind:
                ending.setdefault(_output(chain.block), chain.graph)
            else:
                beginning.setdefault(_input(chain.block), chain.graph)
        waiting = [block for block in waiting if block_key(block) not in chains]
    return chains


def chain_graphs(chains: Mapping[str, Chain]) -> dict[str, Network]:
    """Everything to be measured for some chains, by key."""
    graphs = [graph for chain in chains.values() for graph in (chain.base, chain.graph)]
    return {chain_key(graph): graph for graph in graphs}


def marginals(chains: Mapping[str, Chain], measured: Mapping[str, float]) -> dict[str, float]:
    """The marginal latency of every block that has a chain, ms, by the block's key."""
    return {key: chain.marginal(measured) for key, chain in chains.items()}


def _chain(
    block: Block, ending: Mapping[Shape, Network], beginning: Mapping[Shape, Network]
) -> Chain | None:
    copies = COPIES if _input(block) == _output(block) else 1
    if base := ending.get(_input(block)):
        return Chain(block, base, base + (block,) * copies, copies)
    if base := beginning.get(_output(block)):
        return Chain(block, base, (block,) * copies + base, copies)
    return None


def _input(block: Block) -> Shape:
    return block.in_channels, block.resolution


def _output(block: Block) -> Shape:
    """Of a head a shape that no block takes: nothing follows it."""
    return block.out_channels, 0 if block.gives_logits else block.out_resolution


def _cost(block: Block) -> tuple[int, str]:
    """MACs, and the key where they are equal: the same order at every run."""
    return sum(layer.macs for layer in block.layers()), block_key(block)
