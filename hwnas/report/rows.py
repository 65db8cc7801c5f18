"""The rows of the tables that terminal and page share."""

from typing import TYPE_CHECKING, Any

from latency.validation import Agreement, Validation

if TYPE_CHECKING:
    # Tables of timings are shown without what a search needs.
    from hwnas.report.contributions import Contribution

SUMMARY_ROWS = (
    ("latency, measured", "measured_ms", "reference_measured_ms", "{:.4g} ms"),
    ("latency, predicted", "predicted_ms", "reference_predicted_ms", "{:.4g} ms"),
    ("latency, median of all samples", "measured_median_ms", "reference_median_ms", "{:.4g} ms"),
    ("accuracy on test images", "accuracy", "reference_accuracy", "{:.2f} %"),
    ("MACs", "macs", "reference_macs", "{:,}"),
    ("parameters", "parameters", "reference_parameters", "{:,}"),
)
"""Label, the winner's key, the reference's key, format: the table of terminal and page."""


def summary_rows(summary: dict[str, Any]) -> list[list[str]]:
    """[label, winner, reference] of every row, as text."""
    rows = []
    for label, key, reference_key, form in SUMMARY_ROWS:
        values = [summary.get(key), summary.get(reference_key)]
        rows.append([label, *(number(value, form) for value in values)])
    return rows


def number(value: float | None, form: str) -> str:
    """A figure as text, a dash where there is none."""
    return "–" if value is None else form.format(value)


def budgets_text(summary: dict[str, Any]) -> str:
    """The budgets of a run in one line."""
    units = {"latency": "ms", "macs": "MACs", "params": "parameters", "file_size": "bytes"}
    parts = [f"{name} ≤ {bound:,.4g} {units[name]}" for name, bound in summary["budgets"].items()]
    return f"budget: {', '.join(parts) or 'none'}; {summary['test_images']} test images"


CONTRIBUTION_HEADER = [
    "searcher", "judged", "best (%)", "of the front", "share of its hypervolume"
]  # fmt: skip


def contribution_rows(contributions: list["Contribution"]) -> list[list[str]]:
    """What each searcher brought, as text."""
    return [
        [
            one.searcher,
            f"{one.evaluations:,}",
            number(one.accuracy, "{:.2f}"),
            str(one.on_front),
            number(one.hypervolume_ratio, "{:.1%}"),
        ]
        for one in contributions
    ]


VALIDATION_HEADER = ["", "mean error", "within 5 %", "within 10 %", "Kendall tau", "worst"]


def validation_rows(validation: Validation) -> list[list[str]]:
    """The error of predictions, and that of measuring twice, as text."""
    both = {"predicted": validation.prediction, "measured twice": validation.replicate}
    return [[name, *agreement_cells(one)] for name, one in both.items()]


def agreement_cells(agreement: Agreement) -> list[str]:
    """What stands under `VALIDATION_HEADER` behind the row's name, as text."""
    return [
        f"{agreement.mape:.2f} %",
        f"{agreement.within_5:.0%}",
        f"{agreement.within_10:.0%}",
        f"{agreement.tau:.3f}",
        f"{agreement.worst:.1f} %",
    ]
