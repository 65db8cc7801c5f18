"""The form of a latency table in JSON, and every check of a document in it."""

import base64
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from hwnas.core.configs import StrictModel
from hwnas.core.errors import TableError
from hwnas.core.invalid import first_error
from hwnas.devices.answers import LEAST_MS, MOST_MJ, MOST_MS, WARNINGS
from hwnas.devices.device import Fingerprint
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.graph_keys import chain_key, graph_kind, network_key
from hwnas.latency.model import BlockModel, LatencyModel
from hwnas.latency.stored import validated
from hwnas.networks.blocks import block_from_dict, block_key, check_network

FORMAT = "hwnas latency table 3"
MODELS: tuple[type[BlockModel], ...] = (LatencyModel, EnergyModel)
"""The forms of the models that a table may hold: one of each quantity."""


def _date(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("it should be a date like 2026-01-31T12:30:00+00:00") from None
    return text


def _warning(text: str) -> str:
    if text not in WARNINGS:
        raise ValueError(f"it should be one of {', '.join(sorted(WARNINGS))}")
    return text


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("it should be base 64") from None
    return text


Date = Annotated[str, AfterValidator(_date)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Milliseconds = Annotated[float, Field(ge=LEAST_MS, le=MOST_MS)]


class GraphEntry(StrictModel):
    """A single block, a chain, or a whole network, and whether it was measured to the end."""

    key: str
    finished: bool
    blocks: Annotated[list[dict[str, Any]], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class VisitEntry:
    """One `hwnas.latency.visits.Visit` in a file.

    No `StrictModel`: of those, which tables have a hundred thousand of, each takes four times the
    memory.
    """

    __pydantic_config__ = StrictModel.model_config

    graph: str
    session: Count
    round: Count
    reference_ms: Annotated[float, Field(ge=0, le=MOST_MS)]
    date: Date
    samples: Annotated[tuple[Milliseconds, ...], Field(min_length=1)]
    warnings: tuple[Annotated[str, AfterValidator(_warning)], ...] = ()


class ConditionsEntry(StrictModel):
    """What the machine was like during a round."""

    session: Count
    round: Count
    date: Date
    values: dict[str, float]


class ModelEntry(StrictModel):
    """The model of a quantity, see `BlockModel.to_dict`."""

    quantity: Literal["latency", "energy"]
    scope: str
    content: dict[str, Any]

    def read(self) -> BlockModel:
        """The model; `pydantic.ValidationError` for a content that is none."""
        form = next(form for form in MODELS if form.quantity.name == self.quantity)
        return validated(form, self.content)


class EnergyEntry(StrictModel):
    """One `hwnas.latency.energies.EnergyVisit` in a file."""

    graph: str
    session: Count
    round: Count
    millijoules: Annotated[float, Field(gt=0, le=MOST_MJ)]
    inferences: Annotated[int, Field(gt=0, lt=2**31)]
    ms: Milliseconds
    date: Date


class TableDocument(StrictModel):
    """A whole latency table; `cache` is of the runtime, see `LatencyTable.cache`."""

    format: str
    fingerprint: Fingerprint | None
    graphs: list[GraphEntry]
    visits: list[VisitEntry]
    conditions: list[ConditionsEntry]
    uncontrolled: list[str] = Field(default_factory=list)
    cache: Annotated[list[Annotated[str, AfterValidator(_base64)]], Field(max_length=1)] = Field(
        default_factory=list
    )
    models: list[ModelEntry]
    energies: list[EnergyEntry] = Field(default_factory=list)


def read_document(text: str, source: str, advice: str) -> TableDocument:
    """The document of a text, checked in everything.

    Args:
        text: JSON.
        source: names it in messages.
        advice: how to fix it; ends them.

    Raises:
        TableError: the first thing that is wrong, with its place.
    """
    try:
        found = json.loads(text, object_pairs_hook=_format)
    except (ValueError, RecursionError) as error:
        raise TableError(f"{source} is not valid JSON: {error}; {advice}") from error
    if found != FORMAT:
        of = None if isinstance(found, list) else found
        raise TableError(f"{source} is not a {FORMAT} (its format is {repr(of)[:60]}); {advice}")
    return check_document(text, source, advice)


def check_document(text: str, source: str, advice: str) -> TableDocument:
    """The same of a text that was written here, which is of the format, and names no key twice."""
    try:
        # Strict, and from JSON: an integer is not text, a list may be a tuple.
        document = TableDocument.model_validate_json(text, strict=True)
        _check_entries(document)
    except ValidationError as error:
        raise TableError(f"{source}: {first_error(error)}; {advice}") from error
    except ValueError as error:
        raise TableError(f"{source}: {error}; {advice}") from error
    return document


def _format(pairs: list[tuple[str, Any]]) -> Any:
    """What an object says is its format; of the rest nothing is kept, as it may be large."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' is there twice in one object")
    return found.get("format")


def _check_entries(document: TableDocument) -> None:
    """Raises ValueError for what the types of single values do not say."""
    for index, graph in enumerate(document.graphs):
        _check_graph(graph, f"graphs[{index}]")
    _check_once("graphs", [graph.key for graph in document.graphs])
    known = {graph.key for graph in document.graphs}
    lists: dict[str, Sequence[VisitEntry | EnergyEntry]] = {
        "visits": document.visits,
        "energies": document.energies,
    }
    for name, entries in lists.items():
        for index, entry in enumerate(entries):
            if entry.graph not in known:
                raise ValueError(
                    f"{name}[{index}].graph is '{entry.graph}', which is not in graphs"
                )
        _check_once(name, ((entry.graph, entry.session, entry.round) for entry in entries))
        if entries and document.fingerprint is None:
            raise ValueError(f"fingerprint is null, but there are {name} of some device")
    visited = {visit.graph for visit in document.visits}
    for index, graph in enumerate(document.graphs):
        if graph.finished and graph.key not in visited:
            raise ValueError(f"graphs[{index}].finished is true, but there is no visit of it")
    measured = {"latency": visited, "energy": {entry.graph for entry in document.energies}}
    for index, model in enumerate(document.models):
        _check_model(model, measured[model.quantity], f"models[{index}]")
    _check_once("models", [(model.quantity, model.scope) for model in document.models])


def _check_graph(graph: GraphEntry, place: str) -> None:
    network = []
    for index, block in enumerate(graph.blocks):
        try:
            network.append(block_from_dict(block))
        except TypeError as error:
            raise ValueError(f"{place}.blocks[{index}].kind is not text") from error
        except ValueError as error:
            raise ValueError(f"{place}.blocks[{index}]: {error}") from error
    kind = graph_kind(graph.key)
    if kind != "block":
        expected = (chain_key if kind == "chain" else network_key)(tuple(network))
        try:
            check_network(tuple(network))
        except ValueError as error:
            raise ValueError(f"{place}.blocks: {error}") from error
    elif len(network) == 1:
        expected = block_key(network[0])
    else:
        raise ValueError(f"{place}.blocks has {len(network)} entries, but its key is a block's")
    if graph.key != expected:
        raise ValueError(f"{place}.key is '{graph.key}', but that of its blocks is '{expected}'")


def _check_model(model: ModelEntry, measured: Collection[str], place: str) -> None:
    try:
        stored = model.read()
    except ValidationError as error:
        raise ValueError(first_error(error, f"{place}.content", skip=1)) from error
    estimated = stored.basis == "networks"  # its blocks were never timed
    for name in (*(() if estimated else ("blocks",)), "fit_networks", "check_networks"):
        for key in getattr(stored, name):
            if key not in measured:
                raise ValueError(f"{place}.content.{name} names '{key}', which was never measured")


def _check_once(name: str, keys: Iterable[object]) -> None:
    seen: dict[object, int] = {}
    for index, key in enumerate(keys):
        if key in seen:
            raise ValueError(f"{name}[{index}] is the same as {name}[{seen[key]}]")
        seen[key] = index
