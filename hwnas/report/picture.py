"""Pictures of fronts, as SVG files that any viewer shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hwnas.objectives.budgets import LATENCY
from hwnas.report.comparison import RunComparison
from hwnas.report.content import ReportContent
from hwnas.report.drawing import draw_budget, draw_front, label_axes, svg

# Written into the file, so that a comparison is known from a person's own picture.
_COMPARISON = "hwnas comparison of runs"


def front_svg(content: ReportContent) -> str:
    """Accuracy against latency: everything judged, the front, its knee, the budget."""

    def draw(axes: Any) -> None:
        for judged in content.judged:
            axes.plot(judged.latency_ms, judged.accuracy, ".", alpha=0.5, label=judged.searcher)
        latency, accuracy = content.front_latency_ms, content.front_accuracy
        if band := content.front_intervals:
            low, high = zip(*band, strict=True)
            axes.fill_between(
                latency,
                low,
                high,
                step="post",
                color="black",
                alpha=0.08,
                linewidth=0,
                label=f"95 % interval, {content.score_info.judged_on:,} images",
            )
        draw_front(axes, latency, accuracy, knee=content.front_knee, bound=content.budget_ms)

    return _svg(content.title, content.score_info.axis, "hwnas", draw)


def comparison_svg(comparison: RunComparison) -> str:
    """Accuracy against latency: the front of every run, with its knee."""

    def draw(axes: Any) -> None:
        for run in comparison.runs:
            front = run.front
            (line,) = axes.step(
                front.costs, front.scores, ".-", where="post", alpha=0.8, label=run.run
            )
            if run.knee is not None:
                knee = front.costs[run.knee], front.scores[run.knee]
                axes.plot(*knee, "D", color=line.get_color())
        if any(run.knee is not None for run in comparison.runs):
            axes.plot([], [], "D", color="gray", label="knee")
        for budget in comparison.common_budgets:
            if budget.name == LATENCY:
                draw_budget(axes, budget.bound, "smallest budget")

    return _svg(comparison.title, comparison.accuracy, _COMPARISON, draw)


def is_comparison(path: Path) -> bool:
    """Whether a file is a picture that `comparison_svg` made."""
    with path.open("rb") as file:
        return _COMPARISON.encode() in file.read(4096)


def _svg(title: str, score: str, creator: str, draw: Callable[[Any], None]) -> str:
    def drawn(pyplot: Any) -> Any:
        figure, axes = pyplot.subplots(figsize=(7.2, 4.4), layout="constrained")
        draw(axes)
        label_axes(axes, "predicted latency (ms)", score, title)
        return figure

    return svg(drawn, creator=creator)
