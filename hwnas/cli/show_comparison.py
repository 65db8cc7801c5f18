"""How `hwnas report` shows several runs side by side."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from hwnas.cli.output import Output
from hwnas.report.comparison import RunComparison, RunStanding
from hwnas.report.comparison_rows import bounds_text, comparison_rows, knee_of
from hwnas.search.problem import AnyLimit


def show_comparison(output: Output, comparison: RunComparison) -> dict[str, Any]:
    """Prints a column for each run and returns the same as JSON."""
    joined = len(comparison.standings.joined.scores)
    output.table(
        comparison.title,
        ["", *(run.run for run in comparison.runs)],
        comparison_rows(comparison),
    )
    output.line(f"the smallest budgets: {bounds_text(comparison.common_budgets)}")
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


def _interval(run: RunStanding, score: float | None) -> list[float] | None:
    interval = None if score is None else run.score_info.interval(score)
    return None if interval is None else list(interval)


def _document(run: RunStanding, joined: int) -> dict[str, Any]:
    knee = knee_of(run)
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
        "knee": knee and {"id": run.knee_id} | _point(*knee),
        "front": len(run.front.scores),
        "hypervolume": run.hypervolume,
        "exported": run.shipped and asdict(run.shipped),
        "on_joined_front": run.on_joined,
        "share_of_joined_front": run.on_joined / joined if joined else None,
    }


def _point(latency_ms: float, accuracy: float) -> dict[str, float]:
    return {"latency_ms": latency_ms, "accuracy": accuracy}


def _budgets(budgets: Iterable[AnyLimit]) -> dict[str, dict[str, Any]]:
    return {b.name: {"bound": b.bound, "unit": b.unit} for b in budgets}
