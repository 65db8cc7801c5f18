"""`hwnas profile` of a space, a config's or one alone: on one device, or on several at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.api.run import Run
    from hwnas.runs.fleet import Outcome
    from hwnas.runs.profile_stage import Profiled
    from hwnas.spaces import Space


def profile_run(
    run: "Run",
    devices: Sequence[str],
    *,
    energy: bool,
    blocks: bool | None,
    ray: str | None,
    output: Output,
) -> None:
    """Measures the space of a config, and shows what came of it.

    Raises:
        ConfigError: a device is wrong, before any is measured.
        DeviceError, RunError, TableError: see `Run.profile`.
        typer.Exit: one of several devices failed.
    """
    if len(devices) > 1:
        outcomes = run.profile_devices(devices, energy=energy, blocks=blocks, ray=ray)
        _show_outcomes(output, run.experiment.space, outcomes)
    else:
        _show(output, run.profile(energy=energy, blocks=blocks, ray=ray))


def profile_alone(
    name: str,
    choices: str | None,
    expansion_step: int | None,
    devices: Sequence[str],
    *,
    resolution: int | list[int] | None,
    classes: int | None,
    table: str | None,
    energy: bool,
    blocks: bool | None,
    ray: str | None,
    output: Output,
) -> None:
    """The same of a space without a config."""
    from hwnas.devices.device import load_device
    from hwnas.devices.hosts import joined_hosts
    from hwnas.runs.fleet import fleet_stage, load_fleet
    from hwnas.runs.latencies import table_path
    from hwnas.runs.profile_config import ProfileConfig
    from hwnas.runs.profile_stage import profile_stage, reached
    from hwnas.spaces import load_space

    space = load_space(
        name, resolution=resolution, classes=classes, choices=choices, expansion_step=expansion_step
    )
    counts = ProfileConfig().changed(energy=energy, blocks=blocks)
    if len(devices) > 1:
        members = load_fleet(devices, None)
        with joined_hosts(ray) as hosts:
            outcomes = fleet_stage(space, members, counts, output, hosts)
        _show_outcomes(output, space, outcomes)
    else:
        device = load_device(devices[0] if devices else "local_cpu")
        path = table_path(table, device)
        with joined_hosts(ray) as hosts, reached(hosts, device, output) as there:
            profiled = profile_stage(space, there, path, counts, output)
        _show(output, profiled)


def _show(output: Output, profiled: "Profiled") -> None:
    from hwnas.cli.show import show_model, show_validation
    from hwnas.runs.visit_warnings import visit_sentences

    document = show_model(output, profiled.table, profiled.space, profiled.latency)
    if profiled.energy is not None:
        show_validation(output, profiled.energy)
        document["energy_model"] = profiled.energy.to_dict()
    for sentence in visit_sentences(profiled.warning_shares, profiled.disturbed):
        output.warn(sentence)
    document["disturbed"] = profiled.disturbed
    document["warning_shares"] = dict(profiled.warning_shares)
    output.document(document)


def _show_outcomes(output: Output, space: "Space", outcomes: "Sequence[Outcome]") -> None:
    from hwnas.cli.show import model_document, show_validation
    from hwnas.runs.model_warnings import warn_of_model

    output.table(
        f"{_title(space)} on {len(outcomes)} devices",
        ["device", "blocks", "mean error", "measured twice", "table"],
        [row for outcome in outcomes for row in _rows(outcome)],
    )
    documents = list[dict[str, Any]]()
    for outcome in outcomes:
        member, model = outcome.member, outcome.model
        if model is None:
            output.line(f"{member.name}: {outcome.problem}")
            documents.append({"device": member.name, "error": outcome.problem})
            continue
        warn_of_model(output, model, member.name)
        found = model_document(member.table, space, model)
        if outcome.energy is not None:
            show_validation(output, outcome.energy, member.name)
            found["energy_model"] = outcome.energy.to_dict()
        documents.append({"device": member.name, **found})
    output.document(documents)
    if any(outcome.model is None for outcome in outcomes):
        raise typer.Exit(2)


def _title(space: "Space") -> str:
    one = len(space.members) == 1
    return f"{space.name} at {space.largest_resolution} px" if one else space.name


def _rows(outcome: "Outcome") -> list[list[str]]:
    """A row, or one for each member of a family."""
    name, model = outcome.member.name, outcome.model
    if model is None:
        return [[name, "failed", "-", "-", "-"]]
    rows = []
    for member, one in model.members.items():
        checked = one.validation
        errors = (
            [f"{checked.prediction.mape:.2f} %", f"{checked.noise:.2f} %"]
            if checked
            else ["-", "-"]
        )
        of = f"{name}: {member}" if member else name
        estimated = ", estimated" if one.basis == "networks" else ""
        rows.append([of, f"{len(one.blocks)}{estimated}", *errors, str(outcome.member.table)])
    return rows
