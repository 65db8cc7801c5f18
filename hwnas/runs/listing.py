"""The runs in a folder: how far each is, and what came of it."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hwnas.core.errors import HwnasError, RunError
from hwnas.core.foreign_text import shown
from hwnas.core.lock import locked
from hwnas.export.layout import STALE
from hwnas.runs.folder import RunFolder
from hwnas.runs.summary_form import Summary, read_summary

# Folders of experiments hold folders of runs; further down are the files of runs.
_DEPTH = 3
_BUSY = "in use"


@dataclass(frozen=True)
class ListedRun:
    """One run.

    Attributes:
        folder: where it is.
        state: "begun", "trained", "searching", "searched", "exported", "stale" (searched again
            since it was exported), "in use" by another process, or "damaged".
        changed: when its files were last written, seconds since 1970.
        budgets: as the config writes them, by the names of their costs.
        images: what the config names; None where it does without.
        device: its name, or the path of its file.
        accuracy: of the exported winner on the test images, in %.
        measured_ms: its latency.
        problem: what is damaged, a sentence; "" where nothing is.
    """

    folder: Path
    state: str
    changed: float
    budgets: dict[str, str | float] = field(default_factory=dict)
    images: str | None = None
    device: str | None = None
    accuracy: float | None = None
    measured_ms: float | None = None
    problem: str = ""

    @property
    def in_use(self) -> bool:
        """Whether another process works in it."""
        return self.state == _BUSY

    def to_dict(self) -> dict[str, Any]:
        """For JSON; the time in UTC."""
        changed = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.changed))
        return asdict(self) | {"folder": str(self.folder), "changed": changed}


def list_runs(folder: Path) -> list[ListedRun]:
    """The runs in a folder and the folders in it, or the one that it is; the newest first.

    Raises:
        RunError: there is no such folder, or it cannot be listed.
    """
    if not folder.is_dir():
        raise RunError(f"there is no folder {shown(folder)}; name one that holds runs")
    try:
        found = [_listed(RunFolder(path)) for path in _runs(folder, _DEPTH)]
    except OSError as error:
        raise RunError(f"cannot list {shown(error.filename)}: {error.strerror}") from error
    return sorted(found, key=lambda run: -run.changed)


def listed_run(folder: Path) -> ListedRun:
    """One run, by its folder.

    Raises:
        RunError: it is no run folder.
    """
    run = RunFolder(folder)
    if not run.config_file.is_file():
        run.config()  # says what to name in its place
    return _listed(run)


def _runs(folder: Path, depth: int) -> Iterator[Path]:
    run = RunFolder(folder)
    marks = (run.inputs_file, run.journal_file, folder / ".lock")
    if run.config_file.is_file() and any(mark.is_file() for mark in marks):
        yield folder
    elif depth:
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.is_symlink() and not inner.name.startswith("."):
                with suppress(PermissionError):  # another user's, as lost+found is
                    yield from _runs(inner, depth - 1)


def _listed(run: RunFolder) -> ListedRun:
    changed = _changed(run)
    try:
        config, summary = run.config(), read_summary(run.summary_file)
    except HwnasError as error:
        return ListedRun(run.path, "damaged", changed, problem=str(error))
    return ListedRun(
        run.path,
        _state(run, summary),
        changed,
        {name: budget.text for name, budget in config.search.budgets.items()},
        None if config.data is None else config.data.source,
        config.device if summary is None else summary.device,
        None if summary is None else summary.winner.accuracy,
        None if summary is None else summary.winner.measured_ms,
    )


def _state(run: RunFolder, summary: Summary | None) -> str:
    try:
        with locked(run.path / ".lock", error=RunError, busy=_BUSY, reading=True):
            pass
    except RunError:
        return _BUSY
    if summary is not None:
        return "stale" if (run.export_folder("winner") / STALE).is_file() else "exported"
    if run.front_file.is_file():
        return "searched"
    if run.journal_file.is_file():
        return "searching"
    trained = next(run.path.glob("*.safetensors"), None) is not None
    return "trained" if trained else "begun"


def _changed(run: RunFolder) -> float:
    """When a stage last wrote something."""
    files = (run.config_file, run.journal_file, run.front_file, run.summary_file, run.report_file)
    weights = run.path.glob("*.safetensors")
    return max(path.stat().st_mtime for path in (*files, *weights) if path.is_file())
