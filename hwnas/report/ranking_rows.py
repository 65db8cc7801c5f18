"""The rows of a ranking's table."""

from hwnas.objectives.statistics.ranking import Figure, RankingReport

RANKING_HEADER = [
    "",
    "tau",
    "in the top 10 %",
    "precision at 10",
    "regret at 1",
    "at 10",
    "worst half",
    "each",
]


def ranking_row(name: str, report: RankingReport | None, seconds: float | None) -> list[str]:
    """What stands under `RANKING_HEADER`, as text; a dash where a figure is unknown."""
    if report is None:
        return [name, *["–"] * (len(RANKING_HEADER) - 1)]
    return [
        name,
        _text(report.tau, 3),
        _text(report.tau_in_top, 3),
        _text(report.precision.get("10"), 2),
        _text(report.regret.get("1"), 2),
        _text(report.regret.get("10"), 2),
        _text(report.worst_half, 2),
        "–" if seconds is None else _duration(seconds),
    ]


def _text(figure: Figure | None, digits: int) -> str:
    if figure is None:
        return "–"
    spread = "" if figure.spread is None else f" ±{figure.spread:.{digits}f}"
    return f"{figure.mean:.{digits}f}{spread}"


def _duration(seconds: float) -> str:
    if seconds < 0.001:
        return "<1 ms"
    return f"{seconds:.2g} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"
