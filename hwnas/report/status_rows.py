"""The rows of the table of formats and precisions, the same in terminal and page."""

from typing import TYPE_CHECKING

from hwnas.report.rows import number

if TYPE_CHECKING:
    from hwnas.runs.status_form import Status, StatusRow

STATUS_HEADER = [
    "file",
    "as PyTorch",
    "same class",
    "accuracy",
    "p50",
    "p99",
    "first",
    "load",
    "size",
    "memory",
]
_MS, _MB = "{:.3g} ms", 1e6


def status_rows(status: "Status") -> list[list[str]]:
    """A row a format and precision, as text.

    "as PyTorch" is whether it computes what PyTorch does, with the largest difference of a logit;
    "memory" the peak of a process that runs it, with what of it is the file's.
    """
    return [
        [
            row.name,
            _verified(row),
            number(row.same_top1, "{:.1f} %"),
            number(row.accuracy, "{:.2f} %"),
            number(row.p50_ms, _MS),
            number(row.p99_ms, _MS),
            number(row.first_ms, _MS),
            number(row.load_ms, _MS),
            "–" if row.size_bytes is None else f"{row.size_bytes / _MB:.2f} MB",
            _memory(row),
        ]
        for row in status.rows
    ]


def status_reasons(status: "Status") -> list[str]:
    """Below the table: why something is missing, and what else to know, a sentence each.

    What is true of several precisions of a format is said once, a note only of a file that exists.
    """
    said: dict[tuple[str, str], list[str]] = {}
    for row in status.rows:
        for sentence in (row.reason, row.note if row.file else None):
            if sentence:
                said.setdefault((row.format, sentence), []).append(row.precision)
    return [
        f"{name} {', '.join(precisions)}: {sentence}"
        for (name, sentence), precisions in said.items()
    ]


def _verified(row: "StatusRow") -> str:
    if not row.built:
        return "not made"
    if row.verified is None:
        return "not run"
    verdict = "yes" if row.verified else "no"
    return verdict if row.max_abs_diff is None else f"{verdict}, {row.max_abs_diff:.1e}"


def _memory(row: "StatusRow") -> str:
    if row.peak_bytes is None:
        return "–"
    own = "" if row.empty_bytes is None else f" (+{(row.peak_bytes - row.empty_bytes) / _MB:.0f})"
    return f"{row.peak_bytes / _MB:.0f} MB{own}"
