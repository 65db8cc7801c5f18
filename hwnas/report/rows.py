"""The rows of the tables that terminal and page share."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from hwnas.latency.validation import Agreement, Validation
from hwnas.objectives.budgets import ENERGY, unit_of
from hwnas.objectives.objective import amount
from hwnas.objectives.statistics.intervals import interval_text, wilson

if TYPE_CHECKING:
    # Tables of timings are shown without what a search needs.
    from hwnas.estimators.scores import ScoreInfo
    from hwnas.report.contributions import Contribution
    from hwnas.runs.front_points import FrontPoint
    from hwnas.runs.searching import RunSearch
    from hwnas.runs.summary_form import ExportSummary, Figures, Summary

MS = "{:.4g} ms"
# Others are names of sources that a reader may not know alone: "lite", "hwnas".
_LIBRARIES = ("timm", "torchvision")

Read = Callable[["Figures"], float | str | None]


def summary_header(summary: "Summary") -> list[str]:
    """The columns of `summary_rows`."""
    return ["", "found", "reference" if summary.reference is None else summary.reference.name]


def summary_rows(summary: "Summary") -> list[list[str]]:
    """[label, winner, reference] of every row, as text."""
    lower = "" if summary.winner.fp32 is None else f", {summary.precision}"

    def row(label: str, form: str, read: Read) -> list[str]:
        both = (summary.winner, summary.reference)
        return [label, *("–" if one is None else number(read(one), form) for one in both)]

    def accuracy(label: str, read: Callable[["Figures"], float | None]) -> list[str]:
        def text(one: "Figures") -> str | None:
            value = read(one)
            if value is None:
                return None
            return f"{value:.2f} % ({interval_text(wilson(value, summary.test_images))})"

        return row(label, "{}", text)

    rows = [row("id", "{}", lambda one: one.id or None)] if summary.winner.id else []
    rows += [row(f"latency, measured{lower}", MS, lambda one: one.measured_ms)]
    if lower:
        rows.append(row("latency, measured, fp32", MS, _fp32_ms))
    rows.append(row("latency, predicted", MS, lambda one: one.predicted_ms))
    rows.append(row("latency, median of all samples", MS, lambda one: one.median_ms))
    for name in summary.winner.further:
        rows.append(row(f"latency on {name}, measured", "{}", partial(_measured_on, name)))
        rows.append(row(f"latency on {name}, predicted", MS, partial(_predicted_on, name)))
    if ENERGY in summary.budgets:
        rows.append(row("energy, measured", "{:.4g} mJ", lambda one: one.measured_mj))
        rows.append(row("energy, predicted", "{:.4g} mJ", lambda one: one.predicted_mj))
    rows.append(accuracy(f"accuracy on test images{lower}", lambda one: one.accuracy))
    if lower:
        what = "accuracy on test images, fp32"
        rows.append(accuracy(what, _fp32_accuracy))
    for name, on in summary.winner.further.items():
        if on.precision != summary.precision:
            label = f"accuracy for {name}, {on.precision}"
            rows.append(accuracy(label, partial(_accuracy_on, name)))
    rows.append(row("trained from", "{}", lambda one: one.weights_from))
    if summary.winner.resolution is not None:
        rows.append(row("resolution", "{} px", lambda one: one.resolution))
        rows.append(row("width", "{:g}", lambda one: one.width))
    rows.append(row("MACs", "{:,}", lambda one: one.macs))
    rows.append(row("parameters", "{:,}", lambda one: one.parameters))
    return rows


def _fp32_ms(one: "Figures") -> float | None:
    return None if one.fp32 is None else one.fp32.measured_ms


def _fp32_accuracy(one: "Figures") -> float | None:
    return None if one.fp32 is None else one.fp32.accuracy


def _measured_on(name: str, one: "Figures") -> str | None:
    on = one.further.get(name)
    if on is None or (on.measured_ms is None and on.predicted_ms is None):
        return None
    return "predicted only" if on.measured_ms is None else MS.format(on.measured_ms)


def _predicted_on(name: str, one: "Figures") -> float | None:
    return one.further[name].predicted_ms if name in one.further else None


def _accuracy_on(name: str, one: "Figures") -> float | None:
    return one.further[name].accuracy if name in one.further else None


def closing_sentences(summary: "Summary") -> list[str]:
    """What stands below the table: the verdict, and how the winner's weights were chosen."""
    return [text for text in (summary.verdict, summary.weights_chosen) if text]


def number(value: float | str | None, form: str) -> str:
    """A figure or a word as text, a dash where there is none."""
    return "–" if value is None else form.format(value)


def reference_text(summary: "Summary") -> str:
    """Whose the reference network is, as in "mobilenet_v3_small is torchvision's"; "" for none.

    Of a run that starts from it: "the reference: timm's mobilenet_v3_small, fine-tuned on the same
    images".
    """
    if summary.reference is None:
        return ""
    name, library = summary.reference.name.rpartition("/")[2], summary.reference.library
    if summary.reference.weights_from == "pretrained":
        whose = f"{library}'s {name}" if library in _LIBRARIES else summary.reference.name
        return f"the reference: {whose}, fine-tuned on the same images"
    return f"{name} is {library}'s"


def budgets_text(summary: "ExportSummary") -> str:
    """The budgets of a run in one line."""
    parts = [
        f"{name} ≤ {amount(bound)} {unit_of(name)}".strip()
        for name, bound in summary.budgets.items()
    ]
    return f"budget: {', '.join(parts) or 'none'}; {summary.test_images} test images"


def contribution_header(score_info: "ScoreInfo") -> list[str]:
    """The columns of what each searcher brought."""
    best = f"best ({score_info.unit})"
    return ["searcher", "judged", best, "of the front", "share of its hypervolume"]


def contribution_rows(
    contributions: list["Contribution"], score_info: "ScoreInfo"
) -> list[list[str]]:
    """What each searcher brought, as text."""
    return [
        [
            one.searcher,
            f"{one.evaluations:,}",
            "–" if one.accuracy is None else score_info.number(one.accuracy),
            str(one.on_front),
            number(one.hypervolume_ratio, "{:.1%}"),
        ]
        for one in contributions
    ]


def front_header(result: "RunSearch") -> list[str]:
    """The columns of a front."""
    return [
        "id",
        result.score_info.heading,
        *([] if result.corrected is None else [f"corrected ({result.score_info.unit})"]),
        "predicted (ms)",
        *(f"on {device} (ms)" for device in result.further),
        *([] if result.energy is None else ["energy (mJ)"]),
        "MACs",
        "parameters",
        *(f"{name} ({c.unit})" if c.unit else name for name, c in result.other_costs.items()),
        *(["px", "width"] if result.chosen else []),
        "found by",
    ]


def front_rows(
    points: "Sequence[FrontPoint]", bend: int | None, score_info: "ScoreInfo"
) -> list[list[str]]:
    """The networks of a front, as text; `bend` is the index of its knee."""
    return [
        [
            p.id,
            score_info.number(p.accuracy),
            *([] if p.corrected is None else [score_info.number(p.corrected)]),
            f"{p.latency_ms:.4g}",
            *(f"{value:.4g}" for value in p.further),
            f"{p.macs:,}",
            f"{p.params:,}",
            *map(amount, p.costs.values()),
            *(f"{value:g}" for value in p.chosen),
            (", ".join(p.searchers) or "an earlier search") + (" (knee)" if index == bend else ""),
        ]
        for index, p in enumerate(points)
    ]


def front_notes(result: "RunSearch") -> list[str]:
    """How a front was searched, and what its corrected scores are, a sentence each."""
    notes = [f"{name}: {how}" for name, how in result.how.items()]
    if result.corrected is not None and len(result.corrected):
        score_info = result.score_info
        notes.append(
            "a search favours networks that its predictor overrates; the corrected values are of a "
            "second regression, which was not searched: for the best network "
            f"{score_info.text(float(result.corrected[-1]))} instead of "
            f"{score_info.text(float(result.front.scores[-1]))}"
        )
    return notes


PREDICTOR_HEADER = ["", "mean error (points)", "Kendall tau"]


def predictor_rows(score_info: "ScoreInfo") -> list[list[str]]:
    """The cross-validated error of every form of a predictor, as text."""
    return [
        [
            f"{kind} (used)" if kind == score_info.chosen else kind,
            f"{one.mean_error:.3f}",
            f"{one.tau:.3f}",
        ]
        for kind, one in score_info.errors.items()
    ]


VALIDATION_HEADER = ["", "mean error", "within 5 %", "within 10 %", "Kendall tau", "worst"]


def validation_rows(validation: Validation) -> list[list[str]]:
    """The error of predictions, and that of measuring twice, as text."""
    both = {"predicted": validation.prediction, "measured twice": validation.replicate}
    return [[name, *agreement_cells(one)] for name, one in both.items() if one is not None]


def agreement_cells(agreement: Agreement) -> list[str]:
    """What stands under `VALIDATION_HEADER` behind the row's name, as text."""
    return [
        f"{agreement.mape:.2f} %",
        f"{agreement.within_5:.0%}",
        f"{agreement.within_10:.0%}",
        f"{agreement.tau:.3f}",
        f"{agreement.worst:.1f} %",
    ]
