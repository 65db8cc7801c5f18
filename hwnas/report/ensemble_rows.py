"""The rows of the tables of an ensemble, which terminal and page share."""

from typing import TYPE_CHECKING

from hwnas.objectives.statistics.intervals import interval_text
from hwnas.report.rows import number

if TYPE_CHECKING:
    from hwnas.runs.ensembles.form import EnsembleSummary, OneFile

ENSEMBLE_HEADER = [
    "",
    "id",
    "measured (ms)",
    "predicted (ms)",
    "test images (%)",
    "MACs (M)",
    "parameters (M)",
]
MEMBER_HEADER = ["id", "architecture", "alone, predicted (ms)", "alone, validation images (%)"]


def ensemble_title(summary: "EnsembleSummary") -> str:
    """As in "within 2 ms on local_cpu"."""
    return f"within {summary.budget_ms:.4g} ms on {summary.device}"


def ensemble_rows(summary: "EnsembleSummary") -> list[list[str]]:
    """The ensemble, and the best single network within the same budget."""
    count = len(summary.members)
    return [
        _row(f"ensemble of {count}", summary.ensemble),
        _row("best single network", summary.single),
    ]


def member_rows(summary: "EnsembleSummary") -> list[list[str]]:
    """The members, in the order of the file."""
    return [
        [
            one.id,
            " ".join(map(str, one.architecture)),
            number(one.predicted_ms, "{:.4g}"),
            f"{one.accuracy:.2f}",
        ]
        for one in summary.members
    ]


def ensemble_sentences(summary: "EnsembleSummary") -> list[str]:
    """What stands below the tables."""
    ids = tuple(one.id for one in summary.members)
    chosen = next((one for one in summary.tried if one.members == ids), None)
    found = [summary.verdict]
    if chosen is not None:
        found.append(
            f"chosen by {' and '.join(chosen.ways)}: {chosen.accuracy:.2f} % of the validation "
            f"images together, diversity {chosen.diversity:.2f}"
        )
    if summary.shared_blocks:
        found.append(f"the first {summary.shared_blocks} blocks run once for all members")
    if summary.doubtful:
        found.append(f"not known to be within its budget: {summary.doubtful}")
    what = "differs" if summary.precision == "fp32" else "before its conversion it differed"
    found.append(
        f"exported: {summary.model} ({what} from PyTorch by at most "
        f"{summary.onnx_max_abs_diff:.1e})"
    )
    return found


def _row(name: str, one: "OneFile") -> list[str]:
    return [
        name,
        one.id,
        number(one.measured_ms, "{:.4g}"),
        number(one.predicted_ms, "{:.4g}"),
        f"{one.accuracy:.2f} ({interval_text(one.accuracy_interval)})",
        f"{one.macs / 1e6:.4g}",
        f"{one.parameters / 1e6:.4g}",
    ]
