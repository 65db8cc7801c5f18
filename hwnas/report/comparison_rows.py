"""The table of several runs, as terminal and page show it: a row a figure, a column a run."""

from collections.abc import Iterable

from hwnas.objectives.objective import amount
from hwnas.objectives.statistics.intervals import interval_text
from hwnas.report.comparison import RunComparison, RunStanding
from hwnas.report.rows import number
from hwnas.search.problem import AnyLimit


def comparison_rows(comparison: RunComparison) -> list[list[str]]:
    """[label, then a text for each run] of every row."""
    columns = [_column(run, comparison) for run in comparison.runs]
    return [[label, *(column[label] for column in columns)] for label in columns[0]]


def _column(run: RunStanding, comparison: RunComparison) -> dict[str, str]:
    # Units are with the labels: columns of several runs must be narrow.
    bounds = {budget.name: budget.bound for budget in run.budgets}
    knee = knee_of(run)
    ms, score = (None, None) if knee is None else knee
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
            run, score
        ),
        "knee, latency (ms)": number(ms, "{:.4g}"),
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


def knee_of(run: RunStanding) -> tuple[float, float] | None:
    """The latency in ms and the score of the knee of a run's front; None where it has none."""
    if run.knee is None:
        return None
    return float(run.front.costs[run.knee]), float(run.front.scores[run.knee])


def bounds_text(budgets: Iterable[AnyLimit]) -> str:
    """Budgets in one line."""
    parts = [f"{b.name} ≤ {amount(b.bound)} {b.unit}" for b in budgets]
    return ", ".join(parts) or "none"
