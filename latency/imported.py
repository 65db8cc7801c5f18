"""A latency table of timings that were taken by other means."""

from collections.abc import Mapping
from pathlib import Path

from devices.device import Fingerprint
from latency.blocks import Block, block_key
from latency.correction import Correction
from latency.model import LatencyModel
from latency.new_table import new_table
from latency.profile import ANY_SCOPE
from latency.table import register_all
from latency.visits import Visit


def import_timings(
    path: Path, fingerprint: Fingerprint, timings: Mapping[Block, float], overhead_ms: float
) -> LatencyModel:
    """Makes a table of timings that were taken by other means.

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
        graphs = register_all(table, timings, [])
        table.add([Visit(key, 0, 0, (block_ms[key],)) for key in graphs])
        table.finish(graphs)
        table.save_model(ANY_SCOPE, model.to_dict())
    return model
