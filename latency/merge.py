"""Several tables of one device in one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from hwnas.core.errors import TableError
from hwnas.devices.device import IMPORTED, Fingerprint
from hwnas.latency.compare import measured_fingerprint
from hwnas.latency.energies import EnergyVisit
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.model import BASES, WHOLE, Basis, BlockModel, LatencyModel, Model
from hwnas.latency.new_table import new_table
from hwnas.latency.profile import fit_model
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import Visit

AnyVisit = TypeVar("AnyVisit", Visit, EnergyVisit)


@dataclass(frozen=True)
class Merged:
    """What a merged table holds: measured graphs, visits (chains' too) and models by scope.

    `affected` is the share of visits that are set aside because the machine was slow, 0 to 1.
    """

    blocks: int
    chains: int
    networks: int
    visits: int
    affected: float
    models: Mapping[str, LatencyModel]


def merge(paths: Sequence[Path], into: Path) -> Merged:
    """Makes a new table of all graphs, visits and readings of the machine of several tables.

    Visits that are the same in several tables are taken once. The model of every scope is fitted
    anew to all visits, with the networks that the first table with this scope fitted and checked
    it by, and with chains or from whole networks alone where that table's was; a model without
    networks is kept unchanged.

    Args:
        paths: two tables or more, of one fingerprint.
        into: the new table, which must not be there; nothing is there after an error.

    Raises:
        TableError: the tables are not of one device, or one is missing or damaged; the new table
            is there already or cannot be written.
    """
    if len(paths) < 2:
        raise TableError(f"merging needs two tables or more, not only {', '.join(map(str, paths))}")
    with ExitStack() as stack:
        tables = [stack.enter_context(LatencyTable.existing(path)) for path in paths]
        fingerprint = _one_fingerprint(tables)
        merged = stack.enter_context(new_table(into))
        merged.bind(fingerprint)
        models: dict[str, LatencyModel] = {}
        energy_models: dict[str, EnergyModel] = {}
        for table in tables:
            # Before graphs and visits, as in `_unite`.
            energy_models = table.models(EnergyModel) | energy_models
            models = _unite(merged, table) | models
        _fitted(EnergyModel, merged, energy_models)
        return _merged(merged, _fitted(LatencyModel, merged, models))


def _one_fingerprint(tables: Sequence[LatencyTable]) -> Fingerprint:
    first = measured_fingerprint(tables[0])
    if first.machine == IMPORTED:
        raise TableError(
            f"the timings of {tables[0].path} were imported; join the CSV files, and import the "
            "one that has all rows"
        )
    for table in tables[1:]:
        for found in first.differences(measured_fingerprint(table)):
            raise TableError(
                f"only tables of one device can be merged: {found.field} is {found.a!r} in "
                f"{tables[0].path} and {found.b!r} in {table.path}; "
                "'hwnas table diff' compares the two"
            )
    return first


def _unite(merged: LatencyTable, table: LatencyTable) -> dict[str, LatencyModel]:
    """Takes a table's graphs, visits and conditions over and returns its models.

    In this order, so that a table that is being measured into stays consistent: networks are
    visited before a model is stored, and graphs before they are noted as finished.
    """
    models = table.models()
    graphs = table.graphs()
    finished = set(graphs) - set(table.unfinished(graphs))
    dated = [(visit, date) for visit, date in table.dated_visits() if visit.graph in graphs]
    energies = table.energies.dated()
    merged.register(graphs)
    merged.add_dated(_renumbered(merged.dated_visits(), dated))
    merged.finish(finished)
    used = [(v, date) for v, date in energies if v.graph in graphs]
    merged.energies.add_dated(_renumbered(merged.energies.dated(), used))
    merged.add_uncontrolled(table.uncontrolled())
    # Of two caches the first one's: nobody knows any more which timings used which.
    if not merged.cache() and table.cache():
        merged.keep_cache(table.cache())
    known = set(merged.condition_rows())
    merged.add_condition_rows(row for row in table.condition_rows() if row not in known)
    return models


def _renumbered(
    there: Sequence[tuple[AnyVisit, str]], dated: Iterable[tuple[AnyVisit, str]]
) -> list[tuple[AnyVisit, str]]:
    """The visits that are not there yet, in sessions behind those that are.

    The distance is a multiple of four: halves of a graph's sessions are compared, see
    `hwnas.latency.visits.Sessions`.
    """
    last: dict[str, int] = {}
    for visit, _ in there:
        last[visit.graph] = max(visit.session, last.get(visit.graph, 0))
    # Counted: a coarse clock may give one table several visits of the same numbers.
    known = Counter(map(_content, there))
    new = []
    for visit, date in dated:
        content = _content((visit, date))
        if known[content]:
            known[content] -= 1
            continue
        behind = (last[visit.graph] // 4 + 1) * 4 if visit.graph in last else 0
        new.append((replace(visit, session=visit.session + behind), date))
    return new


def _content(dated: tuple[AnyVisit, str]) -> tuple[AnyVisit, str]:
    """What is the same of a visit in two tables that both hold it."""
    visit, date = dated
    return replace(visit, session=0, round=0), date


def _fitted(
    form: type[Model], merged: LatencyTable, models: Mapping[str, Model]
) -> dict[str, Model]:
    """The models of one quantity by scope, fitted to all visits where they are of networks."""
    found = {}
    for scope, model in sorted(models.items()):
        if model.check_networks:
            model = fit_model(
                merged,
                model.fit_networks,
                model.check_networks,
                form,
                blocks=model.blocks,
                bases=_bases(model),
            )
        merged.save_model(scope, model)
        found[scope] = model
    return found


def _bases(model: BlockModel) -> tuple[Basis, ...]:
    if model.basis == "networks":
        return WHOLE
    return BASES if "chain" in model.compared else BASES[:1]


def _merged(table: LatencyTable, models: Mapping[str, LatencyModel]) -> Merged:
    visits = table.visits()
    blocks, chains, networks = (
        sum(key in known for key in visits.graphs())
        for known in (table.blocks(), table.chains(), table.networks())
    )
    return Merged(blocks, chains, networks, len(list(visits)), visits.affected_share(), models)
