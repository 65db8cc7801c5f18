"""How commands show a network in several formats and precisions."""

from typing import TYPE_CHECKING

from hwnas.cli.output import Output
from hwnas.report.status_rows import STATUS_HEADER, status_reasons, status_rows

if TYPE_CHECKING:
    from hwnas.runs.status_form import Status


def show_status(output: Output, name: str, status: "Status") -> None:
    """Prints the table of a network, and below it why something is missing."""
    where = f"{status.device}, {status.threads} thread{'' if status.threads == 1 else 's'}"
    output.table(f"{name} in other formats ({where})", STATUS_HEADER, status_rows(status))
    for sentence in status_reasons(status):
        output.line(sentence)
