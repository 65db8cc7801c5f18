"""Writing the page and the picture of a run."""

from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import RunError
from hwnas.core.files import may_be_written, write_atomically
from hwnas.core.json_text import to_json
from hwnas.report.content import gather
from hwnas.report.page import is_report, render_page
from hwnas.report.picture import front_svg
from hwnas.report.ranking_picture import ranking_svg
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.ranking import Ranking, ranking_files


@dataclass(frozen=True)
class Report:
    """Where a report was written: the HTML page, and the picture of the front (SVG).

    `warnings` are what the page says first.
    """

    page: Path
    picture: Path
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        warned = f", {len(self.warnings)} warnings" if self.warnings else ""
        return f"Report({str(self.page)!r}, {str(self.picture)!r}{warned})"


def write_report(experiment: Experiment, folder: RunFolder, out: Path | None = None) -> Report:
    """Writes the page and the picture of a run, into its folder or another one.

    Raises:
        RunError: the run was not searched; or something else is where the page would be written.
        TableError: the run's latency table is gone.
    """
    content = gather(experiment, folder)
    page, picture = ((out or folder.path) / name for name in ("report.html", "front.svg"))
    write_atomically(picture, front_svg(content))
    write_atomically(page, render_page(content))
    return Report(page, picture, tuple(content.warnings))


def write_ranking(ranking: Ranking, folder: RunFolder) -> None:
    """Writes the figures and the picture of a ranking into the folder of its run."""
    document, picture = ranking_files(folder)
    write_atomically(picture, ranking_svg(ranking))
    write_atomically(document, to_json(ranking.to_dict()) + "\n")


def check_place(run: Path, out: Path | None) -> None:
    """Refuses a folder that the page cannot be written to, or where it would replace another one.

    Raises:
        RunError: see above.
    """
    if out is None:
        if run.is_dir() and not may_be_written(run):
            raise RunError(
                f"the run folder {run} is read-only for this user; name a folder for the page: "
                f"hwnas report {run} --out FOLDER"
            )
        return
    if out.exists() and not out.is_dir():
        raise RunError(f"{out} is a file; name a folder for the page of one run with --out")
    page = out / "report.html"
    if page.exists() and not is_report(page):
        raise RunError(
            f"{page} exists and is not a report that hwnas made; name another folder with --out"
        )
