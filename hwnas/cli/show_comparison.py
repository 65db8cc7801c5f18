"""How `hwnas report` shows several runs side by side."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from hwnas.cli.output import Output
from hwnas.objectives.objective import amount
from hwnas.objectives.statistics.intervals import interval_text
from hwnas.report.comparison import RunComparison, RunStanding
from hwnas.report.rows import number
from hwnas.search.problem import AnyLimit


def show_comparison(output: Output, comparison: RunComparison) -> dict[str, Any]:
    """Prints a column for each run and returns the same as JSON."""
    joined = len(comparison.standings.joined.scores)
    columns = [_column(run, comparison) for run in comparison.runs]
    output.table(
        comparison.title,
        ["", *(run.run for run in comparison.runs)],
        [[label, *(column[label] for column in columns)] for label in columns[0]],
    )
    output.line(f"the smallest budgets: {_text(comparison.common_budgets)}")
    for note in comparison.notes:
        output.say(f"note: {note}")
    box = comparison.standings.box
    return {
        "runs": [_document(run, joined) for run in comparison.runs],
        "smallest_budgets": _budgets(comparison.common_budgets),
        "joined_front": joined,
        "hypervolume": comparison.standings.together.hypervolume,
        "box": box and {"ideal": _point(*box[0]), "reference": _point(*box[1])},
        "notes": comparison.notes,
        "compared_across": comparison.across,
    }


def _column(run: RunStanding, comparison: RunComparison) -> dict[str, str]:
    # Units are with the labels: columns of several runs must be narrow.
    bounds = {budget.name: budget.bound for budget in run.budgets}
    knee = _knee(run) or {}
    return {
        **({"device": run.device.replace(", ", "\n")} if comparison.across else {}),
        "searchers": "\n".join(run.searchers),
        "networks judged": f"{run.evaluations:,}",
        **{
            f"{b.name} budget ({b.unit})": number(bounds.get(b.name), "{:,.4g}")
            for b in comparison.common_budgets
        },
        f"best within its budget ({comparison.unit})": _score(run, run.accuracy),
        f"best within the smallest ({comparison.unit})": _score(run, run.accuracy_in_common),
        f"knee, {'accuracy' if comparison.unit == '%' else 'score'} ({comparison.unit})": _score(
            run, knee.get("accuracy")
        ),
        "knee, latency (ms)": number(knee.get("latency_ms"), "{:.4g}"),
        "hypervolume": number(run.hypervolume, "{:.3f}"),
        "of the joined front": f"{run.on_joined} of {len(comparison.standings.joined.scores)}",
        **(_shipped(run) if any(one.shipped for one in comparison.runs) else {}),
    }


def _shipped(run: RunStanding) -> dict[str, str]:
    one = run.shipped
    return {
        "exported winner, measured (ms)": number(one.measured_ms if one else None, "{:.4g}"),
        "exported winner, test images (%)": (
            f"{one.accuracy:.2f} ({interval_text(one.interval)})" if one else "–"
        ),
    }


def _score(run: RunStanding, score: float | None) -> str:
    """With two decimals, and its interval where its images are known."""
    interval = None if score is None else run.score_info.interval(score)
    return number(score, "{:.2f}") + (f" ({interval_text(interval)})" if interval else "")


def _interval(run: RunStanding, score: float | None) -> list[float] | None:
    interval = None if score is None else run.score_info.interval(score)
    return None if interval is None else list(interval)


def _document(run: RunStanding, joined: int) -> dict[str, Any]:
    return {
        "run": run.run,
        "device": run.device,
        "searchers": run.searchers,
        "evaluations": run.evaluations,
        "budgets": _budgets(run.budgets),
        "accuracy": run.accuracy,
        "accuracy_interval": _interval(run, run.accuracy),
        "accuracy_within_smallest_budgets": run.accuracy_in_common,
        "accuracy_within_smallest_budgets_interval": _interval(run, run.accuracy_in_common),
        "knee": _knee(run),
        "front": len(run.front.scores),
        "hypervolume": run.hypervolume,
        "exported": run.shipped and asdict(run.shipped),
        "on_joined_front": run.on_joined,
        "share_of_joined_front": run.on_joined / joined if joined else None,
    }


def _knee(run: RunStanding) -> dict[str, Any] | None:
    if run.knee is None:
        return None
    return {"id": run.knee_id} | _point(
        float(run.front.costs[run.knee]), float(run.front.scores[run.knee])
    )


def _point(latency_ms: float, accuracy: float) -> dict[str, float]:
    return {"latency_ms": latency_ms, "accuracy": accuracy}


def _budgets(budgets: Iterable[AnyLimit]) -> dict[str, dict[str, Any]]:
    return {b.name: {"bound": b.bound, "unit": b.unit} for b in budgets}


def _text(budgets: Iterable[AnyLimit]) -> str:
    parts = [f"{b.name} ≤ {amount(b.bound)} {b.unit}" for b in budgets]
    return ", ".join(parts) or "none"
