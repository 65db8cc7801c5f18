"""A whole latency table as one JSON document, and back: to keep, to send, to read elsewhere."""

import base64
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hwnas.core.errors import TableError
from hwnas.devices.runtimes import RUNTIMES, load_spec
from hwnas.latency.energies import EnergyVisit
from hwnas.latency.interchange_form import (
    FORMAT,
    MODELS,
    TableDocument,
    check_document,
    read_document,
)
from hwnas.latency.new_table import new_table
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import Visit
from hwnas.networks.blocks import block_from_dict, block_to_dict


def table_to_json(table: LatencyTable) -> str:
    """Everything that a table holds, an entry a line.

    Raises:
        TableError: the table is damaged, or holds something that could not be read again.
    """
    try:
        fingerprint = table.fingerprint
        text = _as_text(asdict(fingerprint) if fingerprint else None, _entries(table))
    except (ValueError, TypeError) as error:
        raise TableError(f"{table.path} holds a value that cannot be read: {error}") from error
    # What is written can be read again: a damaged table is found now, not when it is needed.
    check_document(text, str(table.path), "the table is damaged, restore it from a copy")
    return text


def table_from_json(text: str, source_name: str, path: Path) -> None:
    """Makes a table of a document of `table_to_json`.

    Args:
        text: the document.
        source_name: names it in messages.
        path: the table, which must not exist.

    Raises:
        TableError: anything in the document is wrong, or the table exists or cannot be written;
            then there is no table.
    """
    advice = "correct that, or write the file again with 'hwnas table export'"
    document = read_document(text, source_name, advice)
    with new_table(path) as table:
        _fill(table, document)


def _entries(table: LatencyTable) -> Iterator[tuple[str, Iterator[Any]]]:
    """The lists of the document.

    Read in such an order that they fit together even while something is measured into the table:
    models before the networks they are from, graphs before their visits.
    """
    models = [(scope, model) for form in MODELS for scope, model in table.models(form).items()]
    energies = table.energies.dated()
    graphs = table.graphs()
    unfinished = set(table.unfinished(graphs))
    visits = table.dated_visits()
    yield (
        "graphs",
        (
            {
                "key": key,
                "finished": key not in unfinished,
                "blocks": list(map(block_to_dict, blocks)),
            }
            for key, blocks in graphs.items()
        ),
    )
    yield "visits", (_visit(visit, date) for visit, date in visits if visit.graph in graphs)
    visits.clear()  # they are written
    yield (
        "conditions",
        (
            {"session": session, "round": number, "values": json.loads(content), "date": date}
            for session, number, content, date in table.condition_rows()
        ),
    )
    yield "uncontrolled", iter(table.uncontrolled())
    if cache := table.cache():
        yield "cache", iter([base64.b64encode(cache).decode()])
    yield (
        "models",
        (
            {"quantity": model.quantity.name, "scope": scope, "content": model.to_dict()}
            for scope, model in models
        ),
    )
    if energies:  # as most tables have none
        yield (
            "energies",
            ({**asdict(visit), "date": date} for visit, date in energies if visit.graph in graphs),
        )


def _visit(visit: Visit, date: str) -> dict[str, Any]:
    # No `asdict`, which copies all that is inside: there may be a hundred thousand.
    entry: dict[str, Any] = {
        "graph": visit.graph,
        "session": visit.session,
        "round": visit.round,
        "samples": visit.samples,
        "reference_ms": visit.reference_ms,
    }
    if visit.warnings:  # as most have none
        entry["warnings"] = visit.warnings
    entry["date"] = date
    return entry


def _fill(table: LatencyTable, document: TableDocument) -> None:
    if document.fingerprint is not None:
        table.bind(document.fingerprint)
    table.register({g.key: tuple(map(block_from_dict, g.blocks)) for g in document.graphs})
    table.finish(g.key for g in document.graphs if g.finished)
    table.add_dated(
        (Visit(v.graph, v.session, v.round, v.samples, v.reference_ms, v.warnings), v.date)
        for v in document.visits
    )
    table.add_condition_rows(
        (c.session, c.round, json.dumps(c.values), c.date) for c in document.conditions
    )
    if document.uncontrolled:
        table.add_uncontrolled(document.uncontrolled)
    # Compiled kernels of a stranger would run on the GPU of whoever measures into the table.
    if document.fingerprint is not None and _shares_cache(document.fingerprint.runtime):
        for cache in document.cache:
            table.keep_cache(base64.b64decode(cache))
    for model in document.models:
        table.save_model(model.scope, model.read())
    table.energies.add_dated(
        (EnergyVisit(e.graph, e.session, e.round, e.millijoules, e.inferences, e.ms), e.date)
        for e in document.energies
    )


def _as_text(fingerprint: Any, lists: Iterable[tuple[str, Iterator[Any]]]) -> str:
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    # One text that grows: a list of a hundred thousand lines takes as much again.
    text = io.StringIO()
    text.write(f'{{\n"format": {encode(FORMAT)},\n"fingerprint": {encode(fingerprint)}')
    for name, entries in lists:
        text.write(f',\n"{name}": [\n')
        for number, entry in enumerate(entries):
            text.write(",\n" if number else "")
            text.write(encode(entry))
        text.write("\n]")
    text.write("\n}\n")
    return text.getvalue()


def _shares_cache(runtime: str) -> bool:
    return runtime in RUNTIMES and load_spec(runtime).shares_cache
