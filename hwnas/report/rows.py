"""The rows of the tables that terminal and page share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hwnas.latency.validation import Agreement, Validation
from hwnas.objectives.budgets import unit_of
from hwnas.objectives.objective import amount
from hwnas.objectives.statistics.intervals import interval_text, wilson

if TYPE_CHECKING:
    # Tables of timings are shown without what a search needs.
    from hwnas.estimators.scores import ScoreInfo
    from hwnas.latency.energy_model import EnergyModel
    from hwnas.report.contributions import Contribution
    from hwnas.runs.searching import FrontPoint, SearchResult

SUMMARY_ROWS = (
    ("latency, measured", "measured_ms", "reference_measured_ms", "{:.4g} ms"),
    ("latency, predicted", "predicted_ms", "reference_predicted_ms", "{:.4g} ms"),
    ("latency, median of all samples", "measured_median_ms", "reference_median_ms", "{:.4g} ms"),
    ("accuracy on test images", "accuracy", "reference_accuracy", "{:.2f} %"),
    ("trained from", "weights_from", "reference_weights_from", "{}"),
    ("MACs", "macs", "reference_macs", "{:,}"),
    ("parameters", "parameters", "reference_parameters", "{:,}"),
)
"""Label, the winner's key, the reference's key, format: the table of terminal and page."""


def summary_rows(summary: dict[str, Any]) -> list[list[str]]:
    """[label, winner, reference] of every row, as text."""
    lower = summary.get("precision", "fp32")
    latencies, accuracies = list(SUMMARY_ROWS[:3]), [SUMMARY_ROWS[3]]
    if "fp32_accuracy" in summary:
        for rows in (latencies, accuracies):
            label, *keys, form = rows[0]
            rows[0] = (f"{label}, {lower}", keys[0], keys[1], form)
        latencies.insert(1, _both("latency, measured, fp32", "fp32_measured_ms", "{:.4g} ms"))
        accuracies.append(_both("accuracy on test images, fp32", "fp32_accuracy", "{:.2f} %"))
    for key in summary:
        kind, at, name = key.partition("@")
        if kind == "predicted_ms" and at:
            latencies += [
                _both(f"latency on {name}, measured", f"measured_ms@{name}", "{:.4g} ms"),
                _both(f"latency on {name}, predicted", key, "{:.4g} ms"),
            ]
        elif kind == "accuracy" and at:
            label = f"accuracy for {name}, {summary[f'precision@{name}']}"
            accuracies.append(_both(label, key, "{:.2f} %"))
    if "predicted_mj" in summary:
        latencies += [
            _both("energy, measured", "measured_mj", "{:.4g} mJ"),
            _both("energy, predicted", "predicted_mj", "{:.4g} mJ"),
        ]
    return [
        [label, *(_cell(summary, one, form) for one in keys)]
        for label, *keys, form in (*latencies, *accuracies, *SUMMARY_ROWS[4:])
    ]


def _both(label: str, key: str, form: str) -> tuple[str, str, str, str]:
    return label, key, f"reference_{key}", form


def _cell(summary: dict[str, Any], key: str, form: str) -> str:
    value = summary.get(key)
    predicted = key.replace("measured_ms@", "predicted_ms@")
    if value is None and predicted != key and summary.get(predicted) is not None:
        return "predicted only"
    text = number(value, form)
    accurate = key.partition("@")[0].removeprefix("reference_").removeprefix("fp32_") == "accuracy"
    if value is None or not accurate:
        return text
    return f"{text} ({interval_text(wilson(value, summary['test_images']))})"


def closing_sentences(summary: dict[str, Any]) -> list[str]:
    """What stands below the table: the verdict, and how the winner's weights were chosen."""
    said = [summary.get("verdict"), summary.get("weights_chosen")]
    return [str(sentence) for sentence in said if sentence]


def number(value: float | str | None, form: str) -> str:
    """A figure or a word as text, a dash where there is none."""
    return "–" if value is None else form.format(value)


def reference_text(summary: dict[str, Any]) -> str:
    """Whose the reference network is, as in "mobilenet_v3_small is torchvision's"; "" for none."""
    name, library = summary.get("reference"), summary.get("reference_library")
    return f"{str(name).rpartition('/')[2]} is {library}'s" if name and library else ""


def budgets_text(summary: dict[str, Any]) -> str:
    """The budgets of a run in one line."""
    parts = [
        f"{name} ≤ {amount(bound)} {unit_of(name)}".strip()
        for name, bound in summary["budgets"].items()
    ]
    return f"budget: {', '.join(parts) or 'none'}; {summary['test_images']} test images"


def contribution_header(origin: "ScoreInfo") -> list[str]:
    """The columns of what each searcher brought."""
    best = f"best ({origin.unit})"
    return ["searcher", "judged", best, "of the front", "share of its hypervolume"]


def contribution_rows(contributions: list["Contribution"], origin: "ScoreInfo") -> list[list[str]]:
    """What each searcher brought, as text."""
    return [
        [
            one.searcher,
            f"{one.evaluations:,}",
            "–" if one.accuracy is None else origin.number(one.accuracy),
            str(one.on_front),
            number(one.hypervolume_ratio, "{:.1%}"),
        ]
        for one in contributions
    ]


def front_header(result: "SearchResult") -> list[str]:
    """The columns of a front."""
    return [
        result.origin.heading,
        *([] if result.corrected is None else [f"corrected ({result.origin.unit})"]),
        "predicted (ms)",
        *(f"on {device} (ms)" for device in result.further),
        *([] if result.energy is None else ["energy (mJ)"]),
        "MACs",
        "parameters",
        "found by",
    ]


def front_rows(
    points: "Sequence[FrontPoint]", bend: int | None, origin: "ScoreInfo"
) -> list[list[str]]:
    """The networks of a front, as text; `bend` is the index of its knee."""
    return [
        [
            origin.number(p.accuracy),
            *([] if p.corrected is None else [origin.number(p.corrected)]),
            f"{p.latency_ms:.4g}",
            *(f"{value:.4g}" for value in p.further),
            f"{p.macs:,}",
            f"{p.params:,}",
            (", ".join(p.searchers) or "an earlier search") + (" (knee)" if index == bend else ""),
        ]
        for index, p in enumerate(points)
    ]


def front_notes(result: "SearchResult") -> list[str]:
    """How a front was searched, and what its corrected scores are, a sentence each."""
    notes = [f"{name}: {how}" for name, how in result.how.items()]
    if result.corrected is not None and len(result.corrected):
        origin = result.origin
        notes.append(
            "a search finds what its predictor overrates; corrected is what a second regression "
            "expects, which was not searched: of the best network "
            f"{origin.text(float(result.corrected[-1]))} instead of "
            f"{origin.text(float(result.front.scores[-1]))}"
        )
    return notes


ORIGIN_HEADER = ["", "mean error (points)", "Kendall tau"]


def origin_rows(origin: "ScoreInfo") -> list[list[str]]:
    """The cross-validated error of every form of a predictor, as text."""
    return [
        [
            f"{kind} (used)" if kind == origin.chosen else kind,
            f"{one.mean_error:.3f}",
            f"{one.tau:.3f}",
        ]
        for kind, one in origin.errors.items()
    ]


def origin_text(origin: "ScoreInfo") -> str:
    """Where accuracies that were read come from, in one line."""
    joined = f"; {origin.rows:,} rows, those of one network averaged"
    how = ""
    if origin.errors:
        how = f"; predicted from them: {origin.chosen}, its error cross-validated"
    averaged = joined if origin.rows != origin.networks else ""
    return f"accuracies of {origin.networks:,} networks from {origin.file}{averaged}{how}"


VALIDATION_HEADER = ["", "mean error", "within 5 %", "within 10 %", "Kendall tau", "worst"]


def validation_rows(validation: "Validation | EnergyModel") -> list[list[str]]:
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
