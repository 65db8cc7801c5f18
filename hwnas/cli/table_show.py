"""`hwnas table show`: what a latency table holds, and how right it is."""

import statistics
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import options
from hwnas.cli.field_names import field_name, field_value
from hwnas.cli.next_step import VALIDATED, Step, command_line, show_next
from hwnas.cli.output import Output, counted

if TYPE_CHECKING:
    from hwnas.latency.table import LatencyTable
    from hwnas.latency.visits import LatencySummary, Visits


def show_table(
    table: Annotated[
        Path, typer.Argument(help="A latency table, such as tables/local_cpu.sqlite.")
    ],
    blocks: Annotated[bool, typer.Option("--blocks", help="List every block's timings.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show where a table's timings come from, how right its latency models are, and its blocks."""
    from hwnas.cli.show import show_validation
    from hwnas.latency.energy_model import EnergyModel
    from hwnas.latency.readings import disturbance
    from hwnas.latency.table import LatencyTable
    from hwnas.latency.visits import warning_shares
    from hwnas.runs.visit_warnings import visit_sentences

    output = Output(as_json)
    with LatencyTable.existing(table) as opened:
        provenance, conditions = _provenance(opened), opened.conditions()
        known, inside = opened.blocks(), opened.chains()
        models, visits = opened.models(), opened.visits()
        energy_models = opened.models(EnergyModel)
    spread = _spread(visits)
    _show_provenance(output, table, provenance, conditions, visits, spread)
    for scope, model in models.items():
        output.line(scope)
        show_validation(output, model)
        if scope in energy_models:
            show_validation(output, energy_models[scope])
    shares = warning_shares(visits)
    for sentence in visit_sentences(shares, disturbance(visits)):
        output.warn(sentence)
    summaries = visits.summaries()
    measured = {key: summaries[key] for key in known if key in summaries}
    if blocks and measured:
        _show_blocks(output, measured)
    elif blocks:
        output.line(
            "no block was timed by itself; --json shows each block's estimate in the models"
        )
    chains = sum(key in summaries for key in inside)
    networks = len(summaries) - len(measured) - chains
    output.line(f"{counted(len(measured), chains, networks)} measured")
    output.document(
        {
            "provenance": provenance,
            "conditions": {name: list(span) for name, span in conditions.items()},
            "reference_ms": visits.baseline,
            "affected_share": visits.affected_share(),
            "session_spread": spread,
            "warning_shares": shares,
            "models": {scope: model.to_dict() for scope, model in models.items()},
            "energy_models": {scope: model.to_dict() for scope, model in energy_models.items()},
            "blocks": {key: asdict(summary) for key, summary in measured.items()},
            "chains": chains,
            "networks": networks,
        }
    )
    show_next(output, Step(command_line("hwnas table validate", table), VALIDATED))


def _provenance(table: "LatencyTable") -> dict[str, Any]:
    fingerprint = table.fingerprint
    between = zip(("first_visit", "last_visit"), table.dates() or (), strict=False)
    found = {**(asdict(fingerprint) if fingerprint else {}), **dict(between)}
    if left := table.uncontrolled():
        found["not controlled while measuring"] = ", ".join(left)
    if kept := table.cache_hash():
        found["cache of the runtime"] = f"sha256 {kept}"
    return found


def _spread(visits: "Visits") -> list[float] | None:
    """By what the sessions of a graph differ: the median over all graphs, and the worst.

    None where no graph has several: there is nothing to compare in timings that were taken once.
    """
    several = [g for g in visits.graphs() if len({visit.session for visit in visits.of(g)}) > 1]
    spreads = [visits.session_spread(graph) for graph in several]
    return [statistics.median(spreads), max(spreads)] if spreads else None


def _show_provenance(
    output: Output,
    path: Path,
    provenance: dict[str, Any],
    conditions: dict[str, tuple[float, float]],
    visits: "Visits",
    spread: list[float] | None,
) -> None:
    rows = [[field_name(name), field_value(value)] for name, value in provenance.items()]
    rows += [
        [field_name(name), f"{low:.4g} to {high:.4g}" if low != high else f"{low:.4g}"]
        for name, (low, high) in conditions.items()
    ]
    if visits.baseline:
        rows.append(["reference block, undisturbed (ms)", f"{visits.baseline:.4g}"])
        rows.append(["visits set aside: the machine was slow", f"{visits.affected_share():.1%}"])
    if spread is not None:
        rows.append(
            ["sessions of one graph differ by", f"{spread[0]:.1%}, at most {spread[1]:.1%}"]
        )
    output.table(str(path), ["", "value"], rows)


def _show_blocks(output: Output, measured: dict[str, "LatencySummary"]) -> None:
    from hwnas.networks.blocks import short_key

    output.table(
        "blocks (ms)",
        ["block", "latency", "samples", "redone", "min", "p10", "median", "p90"],
        [
            [
                short_key(key),
                f"{s.ms:.4f}",
                str(s.samples),
                str(s.redone),
                *(f"{v:.4f}" for v in (s.min, s.p10, s.median, s.p90)),
            ]
            for key, s in measured.items()
        ],
    )
