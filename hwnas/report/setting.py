"""What a run was made on and of, what it cost, and the commands that make it again."""

import json
from dataclasses import dataclass, field
from shlex import quote

from hwnas.core.errors import HwnasError
from hwnas.core.version import VERSION
from hwnas.devices.device import Fingerprint
from hwnas.estimators import find_estimator
from hwnas.latency.table import LatencyTable
from hwnas.report.curves import Curves
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.searching import RunSearch
from hwnas.runs.summary_form import ExportSummary


@dataclass(frozen=True)
class Setting:
    """Where a run comes from.

    Attributes:
        facts: (label, text) of the device, the images and the versions.
        costs: (stage, what it did, how long) of each stage whose time is known.
        commands: that make the run again, in order.
    """

    facts: list[tuple[str, str]] = field(default_factory=list)
    costs: list[tuple[str, str, str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


def setting_of(
    experiment: Experiment,
    folder: RunFolder,
    summary: ExportSummary | None,
    curves: Curves,
    result: RunSearch,
) -> Setting:
    """The setting of a run that was searched.

    Raises:
        RunError, TableError: see `Experiment.held_latency`.
    """
    return Setting(
        facts=_facts(experiment, folder, summary),
        costs=_costs(experiment, summary, curves, result),
        commands=_commands(experiment, folder, summary),
    )


def _facts(
    experiment: Experiment, folder: RunFolder, summary: ExportSummary | None
) -> list[tuple[str, str]]:
    facts = [("device", experiment.device.name)]
    if (of_device := experiment.latency_fingerprint) is not None:
        facts += device_facts(of_device)
    facts.append(("space", f"{experiment.space.name}, {experiment.space.size:.3g} networks"))
    if summary is not None:
        facts.append(
            (
                "images",
                f"{summary.images}: {summary.train_images:,} for training, "
                f"{summary.validation_images:,} to choose networks by, "
                f"{summary.test_images:,} for the final word",
            )
        )
    elif experiment.config.data is not None:
        facts.append(("images", experiment.config.data.source))
    made_by, date = _export(folder) if summary is not None else ("", "")
    if date:
        facts.append(
            ("exported", f"{_plain(date)}, by hwnas {made_by}".removesuffix(", by hwnas "))
        )
    facts.append(("this page", f"by hwnas {VERSION}"))
    return facts


def device_facts(of_device: Fingerprint) -> list[tuple[str, str]]:
    """Processor, runtime and how it runs."""
    runs = [of_device.precision, f"{of_device.threads} thread{'s' * (of_device.threads != 1)}"]
    return [
        ("processor", f"{of_device.cpu} ({of_device.machine}, {of_device.cores} cores)"),
        ("runtime", f"{of_device.runtime} {of_device.runtime_version}, {of_device.provider}"),
        ("runs in", f"{', '.join(runs)}, batch {of_device.batch}"),
    ]


def _export(folder: RunFolder) -> tuple[str, str]:
    """By which version the winner was exported, and when; "" for what is not known."""
    export, found = folder.export_folder("winner"), []
    for name, key in (("config.json", "hwnas"), ("verification.json", "date")):
        try:
            found.append(str(json.loads((export / name).read_bytes()).get(key, "")))
        except (OSError, ValueError, AttributeError, RecursionError):
            found.append("")
    return found[0], found[1]


def _costs(
    experiment: Experiment, summary: ExportSummary | None, curves: Curves, result: RunSearch
) -> list[tuple[str, str, str]]:
    costs = []
    if (dates := _measured_between(experiment)) is not None:
        first, last = map(_plain, dates)
        when = first if first == last else f"{first} to {last}"
        costs.append(("profile", "the latency table, which other runs may share", when))
    if curves.seconds:
        costs.append(("train", "what networks are judged by", _duration(curves.seconds)))
    took = _duration(result.seconds) if result.seconds >= 1 else "below 1 s"
    judged = f"{len(result.scores):,} networks judged"
    what = judged if result.candidates is None else result.candidates.sentence
    costs.append(("search", what, took))
    if summary is not None:
        what = "training, checking and measuring the winner and the reference"
        if experiment.reference is None:
            what = "training, checking and measuring the winner"
        costs.append(("export", f"{what} (the whole command)", _duration(summary.seconds)))
    return costs


def _measured_between(experiment: Experiment) -> tuple[str, str] | None:
    try:
        if not experiment.table_path.is_file():
            return None
        with LatencyTable.existing(experiment.table_path) as table:
            return table.dates()
    except HwnasError:  # it is another device's by now, or damaged: the run has its own copy
        return None


def _commands(
    experiment: Experiment, folder: RunFolder, summary: ExportSummary | None
) -> list[str]:
    run = quote(str(folder.path))
    trained = find_estimator(experiment.config.accuracy.estimator).weights is not None
    commands = ["hwnas profile config.yaml"]
    commands += ["hwnas train config.yaml"] if trained else []
    commands += [f"hwnas search config.yaml --run {run}"]
    if trained:
        commands[-2] += f" --run {run}"
    commands += [f"hwnas export {run}"] if summary is not None else []
    return [*commands, f"hwnas report {run}"]


def pick_command(folder: RunFolder) -> str:
    """The command that exports a network of a run, "ID" in place of the network's id."""
    return f"hwnas export {quote(str(folder.path))} --pick ID"


def _plain(date: str) -> str:
    """As in "2026-11-29 09:42 UTC"."""
    return date[:16].replace("T", " ") + " UTC" if len(date) >= 16 else date


def _duration(seconds: float) -> str:
    """As in "1:02:03" or "42 s"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)  # no timedelta: a damaged file may name any number
    return f"{hours}:{minutes:02d}:{rest:02d}"
