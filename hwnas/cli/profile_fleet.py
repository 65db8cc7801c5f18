"""`hwnas profile` with several devices: measured at once, shown side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.runs.config import ProfileConfig
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.fleet import Outcome
    from hwnas.spaces import SearchSpace


def profile_devices(
    space: "SearchSpace",
    names: Sequence[str],
    experiment: "Experiment | None",
    counts: "ProfileConfig",
    output: Output,
) -> None:
    """Measures a space on every device and prints what came of it; exit code 2 when one failed.

    Raises:
        ConfigError: a device is wrong, before any is measured.
    """
    from hwnas.cli.show import energy_of_table, model_document, warn
    from hwnas.runs.fleet import load_fleet, profile_fleet
    from hwnas.runs.sources import NOTHING_HELD

    config = experiment.config if experiment else None
    members = load_fleet(names, config, experiment.sources if experiment else NOTHING_HELD)

    def failed(outcome: "Outcome") -> None:
        output.say(f"{outcome.member.name} failed, the others go on: {outcome.problem}")

    titles = [f"measuring {space.name} on {member.name}" for member in members]
    with output.several(*titles, unit="visits") as updates:
        outcomes = profile_fleet(space, members, counts, updates, failed)
    output.table(
        f"{space.name} at {space.resolution} px on {len(members)} devices",
        ["device", "blocks", "mean error", "measured twice", "table"],
        [_row(outcome) for outcome in outcomes],
    )
    documents = list[dict[str, Any]]()
    for outcome in outcomes:
        member, model = outcome.member, outcome.model
        if model is None:
            output.line(f"{member.name}: {outcome.problem}")
            documents.append({"device": member.name, "error": outcome.problem})
        else:
            warn(output, model, member.name)
            found = model_document(member.table, space, model)
            if counts.energy:
                found["energy_model"] = energy_of_table(output, member.table, space, member.name)
            documents.append({"device": member.name, **found})
    output.document(documents)
    if any(outcome.model is None for outcome in outcomes):
        raise typer.Exit(2)


def _row(outcome: "Outcome") -> list[str]:
    name, model = outcome.member.name, outcome.model
    if model is None:
        return [name, "failed", "-", "-", "-"]
    validation = model.validation
    errors = (
        [
            f"{validation.prediction.mape:.2f} %",
            f"{validation.noise:.2f} %",
        ]
        if validation
        else ["-", "-"]
    )
    return [name, str(len(model.block_ms)), *errors, str(outcome.member.table)]
