"""The space around a network: its blocks with other kernels and expansions, and more or fewer.

The network itself is in the space, and every other network there shares its weights: so a supernet
of the space can begin as a network that is trained already (`hwnas.supernet.around`).
"""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from hwnas.networks.blocks import Block, Network, Skip
from hwnas.networks.options import Kernel
from hwnas.spaces.space import SearchSpace, Slot, check_space

KERNELS: tuple[Kernel, ...] = (3, 5, 7)
# A network that takes 0.35 of the time of its own, with a block less in each stage, has about half
# of its channels inside; some blocks need fewer, so that others keep all. More than its own are
# there for networks of fewer blocks.
EXPANSIONS = (0.25, 0.5, 0.75, 1.0, 1.25)
DEPTH = (-1, 1)


def space_around(
    network: Network,
    *,
    name: str,
    kernels: Sequence[int] = KERNELS,
    expansions: Sequence[float] = EXPANSIONS,
    depth: tuple[int, int] = DEPTH,
    reference: str | None = None,
) -> SearchSpace:
    """The space around a network, which is itself one of its networks.

    What comes before the first block that can be varied, such as the stem and a first block
    without expansion, stays as it is, and so does what comes after the last one. A stage is what
    stands between two changes of the shape; each keeps at least one block.

    Args:
        network: stem, inverted residuals, head.
        name: of the space.
        kernels: of every block, beside its own.
        expansions: of every block, as factors of its own: the nearest multiples of 8 channels.
        depth: how many blocks fewer, as in -1, and more each stage may have.
        reference: the published network to compare with.

    Raises:
        ValueError: no block of the network can be varied.
    """
    varied = [i for i, block in enumerate(network) if len(block.variants((), (0.5, 2.0))) > 1]
    if not varied:
        raise ValueError(f"the network of {name} has no inverted residual to search around")
    start, end = varied[0], varied[-1] + 1
    slots: list[Slot] = []
    for index, blocks in enumerate(_stages(network[start:end])):
        slots += _slots(index, blocks, kernels, expansions, depth)
    space = SearchSpace(name, network[:start], tuple(slots), network[end:], reference)
    check_space(space)
    return space


def _stages(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    stage = [blocks[0]]
    for before, after in pairwise(blocks):
        if _begins_a_stage(before, after):
            yield stage
            stage = []
        stage.append(after)
    yield stage


def _begins_a_stage(before: Block, after: Block) -> bool:
    """Whether the shape changes, or what kind of block it is."""
    return (
        after.out_channels != after.in_channels
        or after.out_resolution != after.resolution
        or _sort(before) != _sort(after)
    )


def _sort(block: Block) -> tuple[object, ...]:
    return (
        block.kind,
        getattr(block, "activation", None),
        bool(getattr(block, "squeeze_channels", 0)),
    )


def _slots(
    index: int,
    blocks: Sequence[Block],
    kernels: Sequence[int],
    expansions: Sequence[float],
    depth: tuple[int, int],
) -> Iterator[Slot]:
    """The slots of a stage; those that can be skipped have equal choices, and are its last ones."""
    fixed = len(blocks)
    least = max(1, len(blocks) + depth[0])
    while fixed > least and blocks[fixed - 1].repeated() == blocks[fixed - 1]:
        fixed -= 1
    more = blocks[-1].repeated()
    skipped = [*blocks[fixed:], *([] if more is None else [more] * depth[1])]
    for block in blocks[:fixed]:
        yield Slot(index, block.variants(kernels, expansions))
    if skipped:
        variants = chain.from_iterable(block.variants(kernels, expansions) for block in skipped)
        skip = Skip(skipped[0].in_channels, skipped[0].resolution)
        yield from [Slot(index, (skip, *dict.fromkeys(variants)))] * len(skipped)
