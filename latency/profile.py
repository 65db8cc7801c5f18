"""Profiling: every distinct block and some whole networks into a table, and the model of them."""

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import TableError
from hwnas.core.progress import Progress
from hwnas.devices.device import IMPORTED, Device
from hwnas.latency.fitting import basis_values, fit_best
from hwnas.latency.identity import Identity, read_identity
from hwnas.latency.measure import measure
from hwnas.latency.model import BASES, WHOLE, Basis, BlockModel, LatencyModel, Model
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable, Values
from hwnas.latency.validation import Validation
from hwnas.latency.visits import FIRST_HALF, SECOND_HALF
from hwnas.latency.wanted import Wanted, register_wanted
from hwnas.latency.whole_networks import fit_whole, measure_networks
from hwnas.networks.blocks import Block, Network, block_from_key, block_key

VisitsProgress: TypeAlias = Callable[[int, int, str], None]
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
    singly: bool = True,
    schedule: Schedule | None = None,
    progress: VisitsProgress | None = None,
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
        singly: whether blocks are measured by themselves; else the model is estimated from the
            networks alone, in the order of `fit_networks` (see `hwnas.latency.whole_networks`).
        schedule: how often each is visited.
        progress: called after every few visits.
        identity: of the device, where it was read already.

    Raises:
        DeviceError: the device failed; what was measured is kept, calling again continues.
        TableError: the table is another device's, or cannot be written.
    """
    device.require_measurable()
    identity = identity or read_identity(device)
    identity.require_real(device.name)  # before the table becomes its own
    table.bind(identity.fingerprint)
    wanted = register_wanted(
        table, blocks, fit_networks, check_networks, chains=chains, singly=singly
    )
    complete = not table.unfinished(wanted.all)
    if singly:
        # Blocks first: they are what is searched with, and done in a tenth of the time.
        groups = {"blocks": wanted.blocks, "chains": wanted.chains, "networks": wanted.networks}
        for what, some in groups.items():
            measure(device, table, some, schedule or Schedule(), _of(progress, what))
    else:
        measure_networks(device, table, wanted, schedule, _of(progress, "networks"))
    return fitted_model(LatencyModel, table, scope, wanted, changed=not complete)


def fitted_model(
    form: type[Model], table: LatencyTable, scope: str, wanted: Wanted, *, changed: bool
) -> Model:
    """The model of a scope: the stored one where it is of these very graphs, or a new one, stored.

    A stored one is not fitted anew: searches that are done depend on every digit of it.

    Args:
        form: of which quantity.
        table: where all of `wanted` was measured to the end.
        scope: under which the model is stored.
        wanted: what it is of.
        changed: whether some of it was measured since the model was stored.
    """
    model = table.models(form).get(scope)
    if model is None or changed or not _is_of(model, wanted):
        model = fit_model(
            table, wanted.fit, wanted.check, form, blocks=wanted.predicted, bases=wanted.bases
        )
        table.save_model(scope, model)
    return replace(model, source=table.source(scope))


def _is_of(model: BlockModel, wanted: Wanted) -> bool:
    """Whether a model is of the same networks and blocks, measured in the same ways."""
    return (
        (model.fit_networks, model.check_networks) == (wanted.fit, wanted.check)
        and ("chain" in model.compared) == ("chain" in wanted.bases)
        and (model.basis == "networks") == (wanted.bases == WHOLE)
        and set(model.blocks) == set(wanted.predicted)
    )


@overload
def fit_model(
    table: LatencyTable,
    fit: tuple[str, ...],
    check: tuple[str, ...],
    *,
    blocks: Collection[str] | None = None,
    bases: Sequence[Basis] = BASES[:1],
) -> LatencyModel: ...
@overload
def fit_model(
    table: LatencyTable,
    fit: tuple[str, ...],
    check: tuple[str, ...],
    form: type[Model],
    *,
    blocks: Collection[str] | None = None,
    bases: Sequence[Basis] = BASES[:1],
) -> Model: ...
def fit_model(
    table: LatencyTable,
    fit: tuple[str, ...],
    check: tuple[str, ...],
    form: type[BlockModel] = LatencyModel,
    *,
    blocks: Collection[str] | None = None,
    bases: Sequence[Basis] = BASES[:1],
) -> BlockModel:
    """The model of measured networks, with its error on those it has not seen.

    Args:
        table: where all of them were measured.
        fit: keys of the networks to learn from.
        check: keys of the networks to judge by, at least 2.
        form: of which quantity: the latency by default.
        blocks: keys of the blocks that it is for, among them those of the networks; all that are
            measured when None.
        bases: what the values of blocks may be from, see `fit_best`; "chain" is left out where
            chains of these blocks were not measured to the end. `WHOLE` estimates them from the
            networks.

    Raises:
        TableError: not all of the networks were measured, in both halves of the sessions.
    """
    quantity = form.quantity
    measured, networks, known = table.measured(quantity), table.networks(), table.blocks()
    values = measured.values()
    fitted, actual = [networks[key] for key in fit], _of_networks(form, values, fit)
    if tuple(bases) == WHOLE:
        found = fit_whole(fitted, actual, map(block_from_key, known if blocks is None else blocks))
    else:
        single = {key: known[key] for key in (known if blocks is None else blocks) if key in values}
        unfinished = table.unmeasured(quantity, table.chains())
        candidates = {basis: basis_values(basis, single, values, unfinished) for basis in bases}
        some = {basis: each for basis, each in candidates.items() if each is not None}
        found = fit_best(fitted, actual, single, some)
    model = form(found.blocks, found.correction, None, fit, check, found.basis, found.compared)
    predicted = model.predict([networks[key] for key in check])
    halves = [_half(form, measured, half, check) for half in (FIRST_HALF, SECOND_HALF)]
    checked = _of_networks(form, values, check)
    return replace(model, validation=Validation.of(predicted, checked, halves))


@overload
def load_model(table: LatencyTable, scope: str, blocks: Sequence[Block]) -> LatencyModel: ...
@overload
def load_model(
    table: LatencyTable, scope: str, blocks: Sequence[Block], form: type[Model]
) -> Model: ...
def load_model(
    table: LatencyTable,
    scope: str,
    blocks: Sequence[Block],
    form: type[BlockModel] = LatencyModel,
) -> BlockModel:
    """The stored model of a scope, or the one of any scope.

    Args:
        table: where it is stored.
        scope: of which space, see `scope_name`.
        blocks: that it must know.
        form: of which quantity: the latency by default.

    Raises:
        TableError: it was never measured, or not for all of these blocks.
    """
    models, quantity = table.models(form), form.quantity
    found = scope if scope in models else ANY_SCOPE
    if found not in models:
        how = quantity.how
        if (stored := table.fingerprint) and stored.machine == IMPORTED:
            how = (
                "import some of its networks or blocks with 'hwnas table import' into another table"
            )
        raise TableError(
            f"{table.path} holds no {quantity.plural} of {scope} (it holds "
            f"{', '.join(models) or 'none'}); {how}"
        )
    model = replace(models[found], source=table.source(found))
    if missing := model.missing(blocks):
        how, such = quantity.how, missing[0].short_name
        if found == ANY_SCOPE:  # the words of a row
            how, such = (
                "add their rows to the CSV and import it into a new table",
                block_key(missing[0]),
            )
        raise TableError(
            f"{table.path} lacks the {quantity.plural} of {some_of(len(missing), blocks, scope)}, "
            f"such as '{such}'; {how}"
        )
    free = next((block for block in blocks if model.free(block)), None)
    if free is not None:
        raise TableError(
            f"by {table.path} the {quantity.name} of the block '{block_key(free)}' is 0, which is "
            "impossible; run 'hwnas profile' into a new table (--table)"
        )
    return model


def some_of(count: int, blocks: Sequence[Block], scope: str) -> str:
    """How many of the blocks of a scope, as messages say it."""
    return f"{count} of {len(blocks)} blocks of {scope}"


def scope_name(space: str, resolution: int, classes: int) -> str:
    """How a table names the networks of a space at a resolution with a number of classes."""
    return f"{space} at {resolution} px, {classes} classes"


def _half(
    form: type[BlockModel], measured: Values, sessions: Container[int], keys: Sequence[str]
) -> NDArray[np.float64]:
    return _of_networks(form, measured.values(sessions), keys)


def _of_networks(
    form: type[BlockModel], values: Mapping[str, float], keys: Sequence[str]
) -> NDArray[np.float64]:
    if missing := [key for key in keys if key not in values]:
        plural = form.quantity.plural
        raise TableError(
            f"the {plural} of {len(missing)} of {len(keys)} networks are incomplete (sessions are "
            f"missing); {form.quantity.how} to its end"
        )
    return np.array([values[key] for key in keys], dtype=np.float64)


def _of(progress: VisitsProgress | None, what: str) -> Progress | None:
    return (lambda done, total: progress(done, total, what)) if progress is not None else None
