"""Profiling: every distinct block and some whole networks into a table, and the model of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from devices.device import Device
from devices.errors import TableError
from latency.blocks import Block, Network, block_key, distinct_blocks
from latency.correction import fit_correction
from latency.measure import measure, read_fingerprint
from latency.model import LatencyModel
from latency.schedule import Schedule
from latency.table import LatencyTable, network_key, register_all
from latency.validation import Agreement, Validation

Progress = Callable[[int, int, str], None]
"""Called with the visits done, the visits in all, and of what: "blocks" or "networks"."""

ANY_SCOPE = "*"
"""The scope of a model that holds for every space whose blocks are in the table."""

EVEN, ODD = range(0, 10_000, 2), range(1, 10_000, 2)
"""The sessions of either half of a replicate."""


def profile(
    device: Device,
    table: LatencyTable,
    *,
    scope: str,
    blocks: Iterable[Block],
    fit_networks: Sequence[Network],
    check_networks: Sequence[Network],
    schedule: Schedule | None = None,
    progress: Progress | None = None,
) -> LatencyModel:
    """Measures what the table lacks, fits the latency model and stores it with its error.

    Args:
        device: where to measure.
        table: where everything goes.
        scope: under which the model is stored, see `scope_name`.
        blocks: the distinct blocks of the space (and of other networks to be predicted).
        fit_networks: whole networks that the model learns from.
        check_networks: whole networks that it is judged by and has not seen, at least 2.
        schedule: how often each is visited.
        progress: told after every few visits.

    Raises:
        DeviceError: the device failed; what was measured is kept, calling again continues.
        TableError: the table is another device's, or cannot be written.
    """
    plan = schedule or Schedule()
    device.require_measurable()
    table.bind(read_fingerprint(device))
    needed = distinct_blocks([tuple(blocks), *fit_networks, *check_networks])
    # Blocks first: they are what is searched with, and done in a third of the time.
    for what, some in (
        ("blocks", register_all(table, needed, [])),
        ("networks", register_all(table, [], [*fit_networks, *check_networks])),
    ):
        measure(device, table, some, plan, _told(progress, what))
    model = fit_model(
        table, tuple(map(network_key, fit_networks)), tuple(map(network_key, check_networks))
    )
    table.save_model(scope, model.to_dict())
    return model


def fit_model(table: LatencyTable, fit: tuple[str, ...], check: tuple[str, ...]) -> LatencyModel:
    """The latency model of measured networks, with its error on those it has not seen.

    Args:
        table: where all of them were measured.
        fit: keys of the networks to learn from.
        check: keys of the networks to judge by.
    """
    visits, networks = table.visits(), table.networks()
    measured = {key: summary.ms for key, summary in visits.summaries().items()}
    block_ms = {key: measured[key] for key in table.blocks() if key in measured}
    correction = fit_correction(
        [networks[key] for key in fit], _values(measured, fit), block_ms
    )  # fmt: skip
    model = LatencyModel(block_ms, correction, None, fit, check)
    predicted = model.predict([networks[key] for key in check])
    actual = _values(measured, check)
    halves = [
        np.array([visits.summary(key, half).ms for key in check], dtype=np.float64)
        for half in (EVEN, ODD)
    ]
    return replace(
        model,
        validation=Validation(
            Agreement.of(predicted, actual),
            Agreement.of(*halves),
            *(tuple(map(float, values)) for values in (predicted, actual, halves[0])),
        ),
    )


def load_model(table: LatencyTable, scope: str, blocks: Sequence[Block]) -> LatencyModel:
    """The stored latency model of a scope, or the one of any scope.

    Raises:
        TableError: it was never profiled, or not all of these blocks were.
    """
    models = table.models()
    found = scope if scope in models else ANY_SCOPE
    if found not in models:
        have = ", ".join(models) or "nothing yet"
        raise TableError(
            f"{table.path} was not profiled for {scope} (it holds {have}); "
            "run 'hwnas profile' with the same config"
        )
    model = LatencyModel.from_dict(models[found], measured_blocks(table))
    missing = model.missing(blocks)
    if missing:
        mend = "run 'hwnas profile' with the same config"
        if found == ANY_SCOPE:
            mend = "add their rows to the CSV and import it into a new table"
        raise TableError(
            f"{table.path} lacks {len(missing)} of {len(blocks)} blocks of {scope}, "
            f"such as '{block_key(missing[0])}'; {mend}"
        )
    return model


def scope_name(space: str, resolution: int, classes: int) -> str:
    """How a table names the networks of a space at a resolution with a number of classes."""
    return f"{space} at {resolution} px, {classes} classes"


def measured_blocks(table: LatencyTable) -> dict[str, float]:
    """The latency of every measured block, ms."""
    blocks = table.blocks()
    return {key: s.ms for key, s in table.summaries().items() if key in blocks}


def _values(measured: Mapping[str, float], keys: Sequence[str]) -> NDArray[np.float64]:
    return np.array([measured[key] for key in keys], dtype=np.float64)


def _told(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return (lambda done, total: progress(done, total, what)) if progress is not None else None
