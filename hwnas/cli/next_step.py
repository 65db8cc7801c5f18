"""What to type next: the last line of every command, on stderr, and the order that all follow."""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.core.errors import HwnasError

if TYPE_CHECKING:
    from hwnas.cli.options import Given
    from hwnas.cli.output import Output
    from hwnas.runs.listing import ListedRun
    from hwnas.runs.opened import OpenedRun


@dataclass(frozen=True)
class Step:
    """A command, and in a few words what it does; words in capitals are to be filled in."""

    command: str
    why: str


TRY_OUT = Step("hwnas quickstart", "all of this once, on handwritten digits, in some minutes")
ORDER = (
    Step("hwnas init", "five questions, and their answers as mine.yaml"),
    Step("hwnas profile mine.yaml", "measures every block on the device"),
    Step("hwnas train mine.yaml", "trains what networks are judged by"),
    Step("hwnas search mine.yaml", "finds the best networks within the budgets"),
    Step("hwnas export runs/mine", "the winner as files: trained, checked, measured"),
    Step("hwnas report runs/mine", "one page of all that was found"),
)
"""From images to a network that is shipped."""
_PROFILE, _TRAIN, _SEARCH, _EXPORT, _REPORT = (step.why for step in ORDER[1:])

# The options of a command that are typed again in the next one, by their names in `Given`.
_OF_PROFILE = (
    *("data", "resolution", "pretrained", "pretrained_network"),
    *("device", "table", "settings"),
)
_OF_TRAIN = (
    *("run", "data", "strict", "resolution", "from_ofa", "pretrained", "pretrained_network"),
    *("from_supernet", "settings"),
)
_OF_SEARCH = (*_OF_TRAIN, "budget", "device", "table")


def order_text() -> str:
    """What `hwnas` alone prints: the order of the work."""
    width = max(len(step.command) for step in ORDER)
    lines = [f"  {number}  {one.command:{width}}  {one.why}" for number, one in enumerate(ORDER, 1)]
    return "\n".join(
        [
            "Usage: hwnas COMMAND",
            "",
            "The most accurate network that really runs within your milliseconds on your device.",
            "",
            *lines,
            "",
            f"To try it first: {TRY_OUT.command}, {TRY_OUT.why}.",
            "Every command can be stopped and run again: it continues, and says what comes next.",
            "All commands: hwnas --help; one of them: hwnas train --help.",
            "",
        ]
    )


def show_next(output: "Output", step: Step | None) -> None:
    """Says what to type next, for people; not with --json."""
    if step is not None and not output.as_json:
        output.say(f"next: {step.command}  # {step.why}")


def command_line(command: str, *arguments: object, **named: object) -> str:
    """A command as it is typed into a shell; options that are None are left out."""
    words = list(map(str, arguments))
    for name, value in named.items():
        if value is not None:
            words += [f"--{name}", str(value)]
    return f"{command} {shlex.join(words)}"


def before_search(run: "OpenedRun", given: "Given") -> Step | None:
    """What a search of a config still waits for, or else the search; with the options given.

    A table counts when it holds the latencies of the space, whatever the device is doing now. None
    where something is wrong that the next command has to say.
    """
    with suppress(HwnasError, OSError):
        experiment = run.experiment
        if not _has_latencies(run):
            if experiment.device.measurable:
                return Step(_typed("profile", given, _OF_PROFILE), _PROFILE)
            words = ("hwnas table import", "TIMINGS.csv", experiment.table_path)
            command = command_line(*words, device=experiment.config.device)
            return Step(command, "makes a table of timings from elsewhere")
        if further := _further_without_latencies(run):
            return Step(_typed("profile", replace(given, device=further), _OF_PROFILE), _PROFILE)
        if not _is_trained(run):
            return Step(_typed("train", given, _OF_TRAIN), _TRAIN)
        return Step(_typed("search", given, _OF_SEARCH), _SEARCH)
    return None


def after_shrink(run: "OpenedRun", given: "Given", choices: Path, weights: Path | None) -> Step:
    """A run of its own in what is left: its training where something is trained, or the search.

    That goes on from the weights of the last stage, if these were trained.
    """
    folder = run.folder.path
    replaced = ("space.choices",) if weights is None else ("space.choices", "from_supernet")
    others = [one for one in given.settings or () if one.split("=")[0].strip() not in replaced]
    settings = [*others, f"space.choices={choices}"]
    again = replace(given, run=folder.with_name(f"{folder.name}_shrunk"), settings=settings)
    if weights is not None:
        again = replace(again, from_supernet=str(weights))
    if run.experiment.config.accuracy.scorer.weights is not None:
        return Step(_typed("train", again, _OF_TRAIN), "trains on what is left of the space")
    return Step(_typed("search", again, _OF_SEARCH), "searches what is left of the space")


def after_rank(given: "Given") -> Step:
    """A search of the same config by one of the estimators."""
    words = _typed("search", given, _OF_SEARCH)
    return Step(f"{words} --set accuracy.estimator=NAME", "searches with one of them")


def after_search(run: "OpenedRun") -> Step:
    """The export; of a config that has nothing to train networks with, the report."""
    folder = run.folder.path
    if run.experiment.config.trainable:
        return Step(command_line("hwnas export", folder), _EXPORT)
    return Step(command_line("hwnas report", folder), _REPORT)


def after_export(folder: Path) -> Step:
    """The report of a run."""
    return Step(command_line("hwnas report", folder), _REPORT)


def after_report(run: "OpenedRun") -> Step:
    """The export where there is none yet, or else another budget."""
    folder = run.folder
    if run.experiment.config.trainable and not folder.summary_file.is_file():
        return Step(command_line("hwnas export", folder.path), _EXPORT)
    return another_budget(folder.path)


def after_predict(export: Path) -> Step:
    """How long the same takes."""
    return Step(command_line("hwnas benchmark", export), "how long it takes on this machine")


def after_benchmark(files: Sequence[str]) -> Step:
    """What a network of one's own sees, or else a search for a faster one."""
    own = next((file for file in files if Path(file).is_dir()), None)
    if own is None:
        return FASTER
    return Step(f"{command_line('hwnas predict', own)} IMAGE", "what it sees in an image")


def after_dry_run(export: Path, target: str, license_id: str | None, *, private: bool) -> Step:
    """The same publication, uploaded."""
    words = ["--private"] if private else []
    command = command_line("hwnas publish", export, to=target, license=license_id)
    return Step(" ".join([command, *words, "--yes"]), "uploads these files")


def after_runs(found: "Sequence[ListedRun]") -> Step | None:
    """What the newest run that can go on waits for."""
    run = next((one for one in found if one.state not in ("damaged", "in use")), None)
    if run is None:
        return None
    if run.state == "exported" or (run.state == "searched" and run.images is None):
        return after_export(run.folder)
    if run.state in ("searched", "stale"):
        return Step(command_line("hwnas export", run.folder), _EXPORT)
    name, why = ("train", _TRAIN) if run.state == "begun" else ("search", _SEARCH)
    return Step(command_line(f"hwnas {name}", run.folder / "config.yaml", run=run.folder), why)


def another_budget(folder: Path) -> Step:
    """A search of a run with another budget, which begins with what it knows."""
    words = command_line("hwnas search", folder / "config.yaml", run=folder)
    return Step(f"{words} --budget 'latency=…'", "another budget, from what is known already")


def _has_latencies(run: "OpenedRun") -> bool:
    """Whether the run's device was profiled for its space."""
    try:
        return run.experiment.stored_latency_model() is not None
    except (HwnasError, OSError):
        return False


def _further_without_latencies(run: "OpenedRun") -> str | None:
    """A device whose latencies are asked for, and that has no table yet."""
    from hwnas.runs.latencies import further_table

    config, sources = run.experiment.config, run.experiment.sources
    devices = config.search.further_devices
    return next((one for one in devices if not further_table(config, one, sources).exists()), None)


def _is_trained(run: "OpenedRun") -> bool:
    try:
        run.folder.check_trained(run.experiment.config.accuracy.estimator)
    except HwnasError:
        return False
    return True


def _typed(command: str, given: "Given", options: tuple[str, ...]) -> str:
    return f"hwnas {command} {shlex.join([given.config, *given.words(options)])}"


def of_device(name: str) -> Step:
    """Measuring on a device that was looked at."""
    return Step(f"{command_line('hwnas profile', 'CONFIG', device=name)}", _PROFILE)


def of_table(table: Path) -> Step:
    """Looking at a table that was made."""
    return Step(command_line("hwnas table show", table), "what it holds, and how right it is")


FASTER = Step("hwnas init", "a config of yours, to search for a faster one")
"""After timings of models that are not of hwnas."""
CHECKED = "how much its timings vary, and why"
"""What `hwnas devices check` does."""
VALIDATED = "whether it still holds, by measuring some of it again"
"""What `hwnas table validate` does."""
