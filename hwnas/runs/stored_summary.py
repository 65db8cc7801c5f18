"""What a run has exported of its present front, read from its folder."""

from pathlib import Path

from hwnas.devices.engine import SUFFIX
from hwnas.export.layout import MODEL, VERIFICATION
from hwnas.runs.folder import RunFolder
from hwnas.runs.searching import RunSearch
from hwnas.runs.summary_form import ExportSummary, Summary, read_export


def stored_summary(folder: RunFolder, result: RunSearch) -> Summary | None:
    """The summary of a run whose present front has an exported winner; None for every other.

    Raises:
        RunError: it is damaged.
    """
    found = stored_export(folder, result)
    return found if isinstance(found, Summary) else None


def stored_export(folder: RunFolder, result: RunSearch) -> ExportSummary | None:
    """What was exported of a run's present front, winner or picks; None for nothing.

    Raises:
        RunError: it is damaged.
    """
    found = read_export(folder.summary_file)
    if found is None or found.front_digest != result.digest:
        return None
    whole = {row.id for row in found.picks if is_whole(folder.export_folder(row.folder))}
    picks = tuple(row for row in found.picks if row.id in whole)
    winner = folder.export_folder("winner")
    if isinstance(found, Summary) and is_whole(winner):
        model, engine = files_of(winner)  # the run may have been moved since
        files = {"model": str(model), "engine": None if engine is None else str(engine)}
        return found.model_copy(update={"picks": picks, **files})
    if isinstance(found, Summary):
        found = found.without_winner()
    return found.model_copy(update={"picks": picks}) if picks else None


def is_whole(folder: Path) -> bool:
    """Whether an export folder was written to its end."""
    return (folder / VERIFICATION).is_file()


def files_of(winner: Path) -> tuple[Path, Path | None]:
    """The model and, where there is one, the engine in the winner's folder."""
    engine = winner / f"model{SUFFIX}"
    return winner / MODEL, engine if engine.is_file() else None
