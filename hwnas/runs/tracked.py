"""What a run gives its tracker: gathered from the run folder, after every stage."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hwnas.core.errors import HwnasError
from hwnas.core.listener import Listener
from hwnas.runs.config import RunConfig
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.summary_form import Figures, read_summary
from hwnas.runs.tracking import NONE, TRACKERS, Tracker
from hwnas.runs.tracking.searched import search_curves, search_figures
from hwnas.runs.tracking.tracker import Point, Tracked
from hwnas.search.journal import Journal
from hwnas.search.problem import SearchProblem


def tracker_of(config: RunConfig, folder: RunFolder) -> Tracker | None:
    """The tracker that a config names; None where it names none.

    Raises:
        ConfigError: there is none of that name, or it lacks a package.
    """
    if config.tracker == NONE:
        return None
    tracker = TRACKERS.load(config.tracker)(folder.path)
    tracker.check()
    return tracker


def track(
    experiment: Experiment,
    folder: RunFolder,
    listener: Listener,
    problem: SearchProblem | None = None,
) -> None:
    """Has the tracker of a run keep what the run holds now; where it cannot, that is a warning.

    Args:
        experiment: of the run.
        folder: of the run.
        listener: gets sentences and warnings.
        problem: of its search, where that is known.
    """
    try:
        tracker = tracker_of(experiment.config, folder)
        if tracker is not None:
            listener.say(f"tracked: {tracker.keep(gathered(experiment, folder, problem))}")
    except HwnasError as error:
        listener.warn(str(error))


def gathered(
    experiment: Experiment, folder: RunFolder, problem: SearchProblem | None = None
) -> Tracked:
    """What a run holds.

    Args:
        experiment: of the run.
        folder: of the run.
        problem: of its search; None where that is not known, which leaves its curves out.

    Raises:
        RunError: a file of it is damaged.
    """
    from hwnas.runs.tracking.curves import read_curves

    front = _front(folder.front_file)
    named = (folder.config_file, folder.front_file, folder.summary_file, folder.report_file)
    winner = sorted(folder.export_folder("winner").glob("*"))
    searched, curves = _searched(experiment, folder, problem)
    return Tracked(
        name=folder.path.resolve().name,
        parameters=dict(_flat(experiment.config.model_dump(mode="json"))),
        curves=read_curves(folder.log_folder),
        figures=searched | dict(_figures(folder, front)),
        front=front,
        files=[file for file in (*named, *winner) if file.is_file()],
        search=curves,
    )


def _searched(
    experiment: Experiment, folder: RunFolder, problem: SearchProblem | None
) -> tuple[dict[str, float], list[Point]]:
    """The figures and the curves of a run's search; none before it was searched."""
    if not folder.journal_file.is_file():
        return {}, []
    with Journal(folder.journal_file, reading=True) as journal:
        curves = [] if problem is None else search_curves(journal, problem, experiment.space)
        return search_figures(journal), curves


def _front(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    # A person may have changed it: that must not end a command which has done its work.
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = list(csv.DictReader(file, restkey="", restval=""))
    return [{key: str(value) for key, value in row.items() if key} for row in rows]


def _flat(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        elif value is not None:
            yield f"{above}{key}", str(value)


def _figures(folder: RunFolder, front: list[dict[str, str]]) -> Iterator[tuple[str, float]]:
    if front:
        yield "front/networks", float(len(front))
        with suppress(ValueError, IndexError):  # a person may have changed the file
            yield "search/best", max(float(list(row.values())[1]) for row in front)
    summary = read_summary(folder.summary_file)
    if summary is not None:
        for name, one in (("winner", summary.winner), ("reference", summary.reference)):
            yield from _of_network(name, one)


def _of_network(name: str, one: Figures | None) -> Iterator[tuple[str, float]]:
    for key in ("accuracy", "measured_ms", "predicted_ms", "macs", "parameters", "measured_mj"):
        value = None if one is None else getattr(one, key)
        if value is not None:
            yield f"{name}/{key}", float(value)
