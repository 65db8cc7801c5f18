"""Profiling: every distinct block and some whole networks into a table, and the model of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from devices.device import Device
from devices.errors import TableError
from latency.blocks import Block, Network, block_key, distinct_blocks
from latency.measure import Progress, Schedule, measure, read_fingerprint
from latency.model import LatencyModel, fit_correction
from latency.table import LatencyTable, network_key, register_all
from latency.validation import Agreement, Validation


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
        progress: told after every visit.

    Raises:
        DeviceError: the device failed; what was measured is kept, calling again continues.
        TableError: the table is another device's, or cannot be written.
    """
    plan = schedule or Schedule()
    table.bind(read_fingerprint(device))
    needed = distinct_blocks([tuple(blocks), *fit_networks, *check_networks])
    graphs = register_all(table, needed, [*fit_networks, *check_networks])
    measure(device, table, graphs, plan, progress)
    model = fit_model(table, fit_networks, check_networks, plan.sessions)
    table.save_model(scope, model.to_dict())
    return model


def fit_model(
    table: LatencyTable,
    fit_networks: Sequence[Network],
    check_networks: Sequence[Network],
    sessions: int,
) -> LatencyModel:
    """The latency model of measured networks, with its error on those it has not seen."""
    measured_ms = {key: s.p10 for key, s in table.summaries().items()}
    block_ms = {key: measured_ms[key] for key in table.blocks() if key in measured_ms}
    uncorrected = LatencyModel(block_ms, fit_correction(*[np.empty(0)] * 3))
    correction = fit_correction(
        uncorrected.predict(fit_networks),
        np.array([len(network) for network in fit_networks], dtype=np.float64),
        _measured(measured_ms, fit_networks),
    )
    model = LatencyModel(block_ms, correction)
    measured = _measured(measured_ms, check_networks)
    predicted = model.predict(check_networks)
    halves = [
        {key: s.p10 for key, s in table.summaries(sessions=half).items()}
        for half in (range(0, sessions, 2), range(1, sessions, 2))
    ]
    replicate = Agreement.of(*(_measured(half, check_networks) for half in halves))
    return replace(
        model,
        validation=Validation(
            Agreement.of(predicted, measured),
            replicate,
            tuple(map(float, predicted)),
            tuple(map(float, measured)),
        ),
    )


def load_model(table: LatencyTable, scope: str, blocks: Sequence[Block]) -> LatencyModel:
    """The stored latency model of a scope.

    Raises:
        TableError: it was never profiled, or not all of these blocks were.
    """
    models = table.models()
    if scope not in models:
        have = ", ".join(models) or "nothing yet"
        raise TableError(
            f"{table.path} was not profiled for {scope} (it holds {have}); "
            "run 'hwnas profile' with the same config"
        )
    model = LatencyModel.from_dict(models[scope], measured_blocks(table))
    missing = model.missing(blocks)
    if missing:
        raise TableError(
            f"{table.path} lacks {len(missing)} of {len(blocks)} blocks of {scope}, "
            f"such as '{block_key(missing[0])}'; run 'hwnas profile' with the same config"
        )
    return model


def scope_name(space: str, resolution: int, classes: int) -> str:
    """How a table names the networks of a space at a resolution with a number of classes."""
    return f"{space} at {resolution} px, {classes} classes"


def measured_blocks(table: LatencyTable) -> dict[str, float]:
    """The 10 % quantile of every measured block, ms."""
    blocks = table.blocks()
    return {key: s.p10 for key, s in table.summaries().items() if key in blocks}


def _measured(milliseconds: dict[str, float], networks: Sequence[Network]) -> NDArray[np.float64]:
    return np.array([milliseconds[network_key(network)] for network in networks])
