"""A latency table of timings that were taken by other means."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import TableError
from hwnas.devices.device import Fingerprint
from hwnas.latency.correction import Correction
from hwnas.latency.estimate import LEAST_NETWORKS, estimate, left_out, slips
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.interchange_csv import Repeats, Timings
from hwnas.latency.model import LatencyModel
from hwnas.latency.new_table import new_table
from hwnas.latency.profile import ANY_SCOPE, some_of
from hwnas.latency.quantity import LATENCY
from hwnas.latency.table import LatencyTable
from hwnas.latency.validation import Validation
from hwnas.latency.visits import Visit
from hwnas.networks.blocks import Block, Network, block_key

OWN_BLOCKS = "its rows of blocks"
"""The name of the prior that is the rows of blocks in the same CSV."""


def import_timings(
    path: Path, fingerprint: Fingerprint, timings: Mapping[Block, float], overhead_ms: float
) -> LatencyModel:
    """Makes a table of timings of blocks that were taken by other means.

    They are not checked against whole networks: the model is their sum and a constant, for every
    space whose blocks are among them.

    Args:
        path: the table, which must not exist.
        fingerprint: of a device that is not measurable.
        timings: ms of each block.
        overhead_ms: what every network takes beside its blocks.

    Raises:
        TableError: the table exists or cannot be written.
    """
    block_ms = {block_key(block): ms for block, ms in timings.items()}
    model = LatencyModel(block_ms, Correction("imported", overhead_ms, {"scale": 1.0}))
    with new_table(path) as table:
        table.bind(fingerprint)
        _add(table, {block: (ms,) for block, ms in timings.items()}, {})
        table.save_model(ANY_SCOPE, model)
    return model


def import_networks(
    path: Path,
    fingerprint: Fingerprint,
    timings: Timings,
    *,
    scope: str,
    blocks: Sequence[Block],
    priors: Mapping[str, Mapping[str, float]],
) -> LatencyModel:
    """Makes a table of timings of whole networks that were taken by other means.

    Its model is estimated from them, see `hwnas.latency.estimate`, and judged by networks that the
    estimate has not seen: each is left out once.

    Args:
        path: the table, which must not exist.
        fingerprint: of a device that is not measurable.
        timings: of some networks, and of all blocks or none.
        scope: under which the model is stored, see `scope_name`.
        blocks: every block that will be predicted, those of the networks among them.
        priors: latencies of these blocks on other devices, by name, ms by key.

    Raises:
        TableError: there are too few networks or not all blocks, one network takes what it cannot
            take beside the others, all take the same, or the table exists or cannot be written.
    """
    networks, ms = list(timings.networks), _means(timings.networks)
    if len(networks) < LEAST_NETWORKS:
        raise TableError(
            f"{timings.source} times only {len(networks)} different networks; at least "
            f"{LEAST_NETWORKS} are needed to estimate blocks from them (30 are better); time more"
        )
    if len(set(ms)) == 1:
        raise TableError(
            f"{timings.source}: all {len(ms)} networks take {ms[0]:g} ms, the smallest as long as "
            "the largest, which says nothing about their blocks; write more digits, or time "
            "many inferences of each and divide"
        )
    _refuse_slips(timings, ms)
    own = _own_blocks(timings, blocks)
    known = {**({OWN_BLOCKS: own} if own else {}), **priors}
    found = estimate(networks, ms, blocks, known)
    predicted = left_out(networks, ms, blocks, known)
    keys = tuple(map(network_key, networks))
    model = LatencyModel(
        found.block_ms,
        Correction(f"from whole networks and {found.prior}", found.overhead, {"scale": 1.0}),
        _validation(timings, predicted, ms),
        keys,
        keys,
        "networks",
        found.compared,
    )
    with new_table(path) as table:
        table.bind(fingerprint)
        _add(
            table,
            {block: some.ms for block, some in timings.blocks.items()},
            {network: some.ms for network, some in timings.networks.items()},
        )
        table.save_model(scope, model)
    return model


def known_blocks(
    table: LatencyTable, scope: str, blocks: Sequence[Block], fingerprint: Fingerprint
) -> dict[str, float]:
    """What blocks take by a table of another device: by its model of a space, or timed alone.

    Args:
        table: of the other device.
        scope: of the model.
        blocks: which ones.
        fingerprint: of the device whose networks are imported.

    Raises:
        TableError: it lacks some of them, or it has timings of networks on that same device: then
            no network that is left out to judge the estimate would be unseen.
    """
    if table.fingerprint == fingerprint and table.networks():
        raise TableError(
            f"{table.path} is of {fingerprint.cpu} itself and cannot be a prior; name a "
            "table of another device, or add these networks to the CSV: 'hwnas table export' "
            "writes their rows"
        )
    stored = table.models()
    for name in (scope, ANY_SCOPE):
        model = stored.get(name)
        if model and not model.missing(blocks):
            return {block_key(block): model.block_value(block) for block in blocks}
    measured = table.visits().values()
    lacking = [block for block in blocks if block_key(block) not in measured]
    if lacking:
        raise TableError(
            f"{table.path} lacks the latencies of {some_of(len(lacking), blocks, scope)}, such as "
            f"'{lacking[0].short_name}'; {LATENCY.how}"
        )
    return {block_key(block): measured[block_key(block)] for block in blocks}


def _own_blocks(timings: Timings, blocks: Sequence[Block]) -> dict[str, float]:
    """The rows of blocks, ms by key; none where there are no such rows."""
    found = {block_key(block): ms for block, ms in timings.block_ms.items()}
    lacking = [block for block in blocks if block_key(block) not in found]
    if found and lacking:
        raise TableError(
            f"{timings.source} has rows of blocks, but lacks {len(lacking)} of {len(blocks)} that "
            f"the networks may have, such as '{block_key(lacking[0])}'; add their rows, or remove "
            "all rows of blocks"
        )
    return found


def _refuse_slips(timings: Timings, ms: NDArray[np.float64]) -> None:
    networks = list(timings.networks)
    for index, times in slips(networks, ms):
        some = timings.networks[networks[index]]
        much = f"{times:.0f} times" if times > 1 else f"1/{1 / times:.0f} of"
        raise TableError(
            f"{timings.source} line {some.lines[0]}: {ms[index]:g} ms are {much} what a network of "
            "its size takes by the other rows; correct its unit or its decimal point"
        )


def _validation(
    timings: Timings,
    predicted: NDArray[np.float64],
    measured: NDArray[np.float64],
) -> Validation:
    repeats = list(timings.networks.values())
    halves = []
    if all(len(some.ms) > 1 for some in repeats):
        halves = [np.array([np.mean(some.ms[at::2]) for some in repeats]) for at in (0, 1)]
    return Validation.of(predicted, measured, halves)


def _means(networks: Mapping[Network, Repeats]) -> NDArray[np.float64]:
    return np.array([repeats.mean for repeats in networks.values()], dtype=np.float64)


def _add(
    table: LatencyTable,
    blocks: Mapping[Block, tuple[float, ...]],
    networks: Mapping[Network, tuple[float, ...]],
) -> None:
    """Stores timings: each repetition is a session of its own."""
    graphs = register_all(table, blocks, networks)
    ms = {block_key(block): some for block, some in blocks.items()}
    ms |= {network_key(network): some for network, some in networks.items()}
    table.add([Visit(key, s, 0, (one,)) for key in graphs for s, one in enumerate(ms[key])])
    table.finish(graphs)
