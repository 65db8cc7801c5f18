"""Profiling: every distinct block and some whole networks into a table, and the model of them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import TableError
from hwnas.devices.device import IMPORTED, Device
from hwnas.latency.fitting import basis_ms, fit_best
from hwnas.latency.identity import Identity, read_identity
from hwnas.latency.measure import measure
from hwnas.latency.model import BASES, Basis, LatencyModel
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.validation import Agreement, Validation
from hwnas.latency.visits import FIRST_HALF, SECOND_HALF
from hwnas.latency.wanted import Wanted, register_wanted
from hwnas.networks.blocks import Block, Network, block_key

Progress = Callable[[int, int, str], None]
"""Called with the visits done and in all, and of what: "blocks", "chains" or "networks"."""

ANY_SCOPE = "*"
"""The scope of a model that holds for every space whose blocks are in the table."""


def profile(
    device: Device,
    table: LatencyTable,
    *,
    scope: str,
    blocks: Iterable[Block],
    fit_networks: Sequence[Network],
    check_networks: Sequence[Network],
    chains: bool = False,
    schedule: Schedule | None = None,
    progress: Progress | None = None,
    identity: Identity | None = None,
) -> LatencyModel:
    """Measures what the table lacks, fits the latency model and stores it with its error.

    Args:
        device: where to measure.
        table: where everything goes.
        scope: under which the model is stored, see `scope_name`.
        blocks: the distinct blocks of the space (and of other networks to be predicted).
        fit_networks: whole networks that the model learns from.
        check_networks: whole networks that it is judged by and has not seen, at least 2.
        chains: whether the blocks are measured inside chains too, where the fit can choose.
        schedule: how often each is visited.
        progress: told after every few visits.
        identity: of the device, where it was read already.

    Raises:
        DeviceError: the device failed; what was measured is kept, calling again continues.
        TableError: the table is another device's, or cannot be written.
    """
    plan = schedule or Schedule()
    device.require_measurable()
    identity = identity or read_identity(device)
    identity.require_real(device.name)  # before the table becomes its own
    table.bind(identity.fingerprint)
    wanted = register_wanted(table, blocks, fit_networks, check_networks, chains=chains)
    if not table.unfinished(wanted.all):
        stored = _stored(table, scope, wanted)
        if stored is not None:
            return stored
    # Blocks first: they are what is searched with, and done in a tenth of the time.
    groups = {"blocks": wanted.blocks, "chains": wanted.chains, "networks": wanted.networks}
    for what, some in groups.items():
        measure(device, table, some, plan, _told(progress, what))
    model = fit_model(table, wanted.fit, wanted.check, blocks=wanted.blocks, bases=wanted.bases)
    table.save_model(scope, model.to_dict())
    return model


def _stored(table: LatencyTable, scope: str, wanted: Wanted) -> LatencyModel | None:
    """The model of a scope, when it is of these very graphs, chains among them or not.

    It is not fitted anew: searches that are done depend on every digit of it.
    """
    content = table.models().get(scope)
    model = LatencyModel.from_dict(content) if content else None
    if model is None or (model.fit_networks, model.check_networks) != (wanted.fit, wanted.check):
        return None
    if ("chain" in model.compared) != ("chain" in wanted.bases):
        return None
    return model if set(model.block_ms) == set(wanted.blocks) else None


def fit_model(
    table: LatencyTable,
    fit: tuple[str, ...],
    check: tuple[str, ...],
    *,
    blocks: Collection[str] | None = None,
    bases: Sequence[Basis] = BASES[:1],
) -> LatencyModel:
    """The latency model of measured networks, with its error on those it has not seen.

    Args:
        table: where all of them were measured.
        fit: keys of the networks to learn from.
        check: keys of the networks to judge by.
        blocks: keys of the blocks that it is for, among them those of the networks; all that are
            measured when None.
        bases: what the latencies of blocks may be from, see `fit_best`; "chain" is left out where
            chains of these blocks were not measured to the end.
    """
    visits, networks, known = table.visits(), table.networks(), table.blocks()
    measured = {key: summary.ms for key, summary in visits.summaries().items()}
    wanted = known if blocks is None else blocks
    single = {key: known[key] for key in wanted if key in measured}
    unfinished = table.unfinished(table.chains())
    candidates = {basis: basis_ms(basis, single, measured, unfinished) for basis in bases}
    fitted = fit_best(
        [networks[key] for key in fit],
        _values(measured, fit),
        single,
        {basis: block_ms for basis, block_ms in candidates.items() if block_ms is not None},
    )
    model = LatencyModel(
        fitted.block_ms, fitted.correction, None, fit, check, fitted.basis, fitted.compared
    )
    predicted = model.predict([networks[key] for key in check])
    actual = _values(measured, check)
    halves = [
        np.array([visits.summary(key, half).ms for key in check], dtype=np.float64)
        for half in (FIRST_HALF, SECOND_HALF)
    ]
    return replace(
        model,
        validation=Validation(
            Agreement.of(predicted, actual),
            Agreement.of(*halves),
            *(tuple(map(float, values)) for values in (predicted, actual, *halves)),
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
        if (stored := table.fingerprint) and stored.machine == IMPORTED:
            raise TableError(
                f"{table.path} holds no timings of {scope} (it holds {have}); import some of its "
                "networks or blocks with 'hwnas table import' into another table"
            )
        raise TableError(
            f"{table.path} was not profiled for {scope} (it holds {have}); "
            "run 'hwnas profile' with the same config"
        )
    model = LatencyModel.from_dict(models[found])
    missing = model.missing(blocks)
    if missing:
        how, such = "run 'hwnas profile' with the same config", missing[0].short_name
        if found == ANY_SCOPE:  # the words of a row
            how, such = (
                "add their rows to the CSV and import it into a new table",
                block_key(missing[0]),
            )
        raise TableError(
            f"{table.path} lacks {len(missing)} of {len(blocks)} blocks of {scope}, "
            f"such as '{such}'; {how}"
        )
    free = next((block for block in blocks if model.free(block)), None)
    if free is not None:
        raise TableError(
            f"by {table.path} the block '{block_key(free)}' takes no time, which cannot be; run "
            "'hwnas profile' into a new table (--table)"
        )
    return model


def scope_name(space: str, resolution: int, classes: int) -> str:
    """How a table names the networks of a space at a resolution with a number of classes."""
    return f"{space} at {resolution} px, {classes} classes"


def _values(measured: Mapping[str, float], keys: Sequence[str]) -> NDArray[np.float64]:
    return np.array([measured[key] for key in keys], dtype=np.float64)


def _told(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return (lambda done, total: progress(done, total, what)) if progress is not None else None
