"""What a run shows of an earlier front, once another one is there: removed, or marked."""

import json
import re
from pathlib import Path
from typing import Any

from hwnas.core.files import write_atomically
from hwnas.core.json_text import to_json
from hwnas.export.layout import ENSEMBLE, STALE
from hwnas.runs.folder import RunFolder

META = "hwnas-front"
"""The name under which a report says of which front it is."""

# Of a report, where that name must be.
_HEAD = 4000


def note_front(folder: RunFolder, digest: str) -> list[str]:
    """Removes or marks what is not of the front with a digest, and unmarks what is.

    Report and picture are made anew by one command and are removed; a trained winner is not, and
    gets a file that says so, as its `summary.json` does, and as ensembles do.

    Args:
        folder: of the run.
        digest: of the present front, see `RunSearch`.

    Returns:
        Sentences on what was done, none where nothing was.

    Raises:
        HwnasError: a file cannot be written.
    """
    sentences = []
    if folder.report_file.is_file() and _front_of(folder.report_file) != digest:
        sentences += forget_report(folder)
    sentences += _note_ensembles(folder, digest)
    summary = _content(folder.summary_file)
    if summary is None:
        return sentences
    mark = folder.export_folder("winner") / STALE
    if summary.get("front_digest") == digest:
        if summary.get("winner") is not None:  # else the folder may hold an earlier one
            mark.unlink(missing_ok=True)
        if summary.pop("stale", None) is not None:
            _write(folder.summary_file, summary)
        return sentences
    won = summary.get("winner") is not None
    what = "this is the winner" if won else "these networks were picked"
    text = (
        f"{what} of an earlier front: the run has been searched again since; "
        f"'hwnas export {folder.path}' exports the winner of the present one"
    )
    _write(folder.summary_file, summary | {"stale": text})
    if not won or not mark.parent.is_dir():
        return sentences
    write_atomically(mark, text + "\n")
    return [*sentences, f"{mark.parent} is marked as stale: it is the winner of an earlier front"]


def _note_ensembles(folder: RunFolder, digest: str) -> list[str]:
    """Marks the ensembles of other fronts and unmarks those of this one."""
    sentences = []
    for path in sorted(folder.path.glob(f"export/*/{ENSEMBLE}")):
        content = _content(path)
        if content is None:  # damaged
            continue
        place = path.parent
        mark = place / STALE
        if content.get("front_digest") == digest:
            mark.unlink(missing_ok=True)
        elif not mark.is_file():
            text = (
                "this is an ensemble of an earlier front: the run has been searched again since; "
                f"'hwnas ensemble {folder.path}' makes one of the present front"
            )
            write_atomically(mark, text + "\n")
            sentences.append(f"{place} is marked as stale: it is of an earlier front")
    return sentences


def forget_report(folder: RunFolder) -> list[str]:
    """Removes report and picture of what was before; returns a sentence on that, if any were."""
    found = [path for path in (folder.report_file, folder.picture_file) if path.is_file()]
    for path in found:
        path.unlink()
    if not found:
        return []
    names = " and ".join(path.name for path in found)
    return [f"removed {names}, out of date by now; 'hwnas report {folder.path}' writes new ones"]


def meta_tag(digest: str) -> str:
    """The line of a report that says of which front it is."""
    return f'<meta name="{META}" content="{digest}">'


def _front_of(report: Path) -> str | None:
    try:
        with report.open(encoding="utf-8", errors="replace") as file:
            found = re.search(rf'<meta name="{META}" content="([0-9a-f]+)">', file.read(_HEAD))
    except OSError:
        return None
    return found[1] if found else None


def _content(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _write(path: Path, content: dict[str, Any]) -> None:
    write_atomically(path, to_json(content) + "\n")
