"""How the training went: its loss, and the accuracies that were watched meanwhile."""

from hwnas.report.chart import Chart, axis
from hwnas.report.content import ReportContent
from hwnas.report.html import section, text

_ACCURACY = "accuracy/"


def training_section(content: ReportContent) -> str:
    """The curves of the run's log; "" where nothing was trained."""
    scalars = content.curves.scalars
    loss = {"loss": scalars["loss"]} if scalars.get("loss") else {}
    watched = {
        name.removeprefix(_ACCURACY).replace("_", ", "): values
        for name, values in scalars.items()
        if name.startswith(_ACCURACY) and values
    }
    charts = []
    if loss:
        charts.append(_chart("loss-chart", loss, "mean loss", "loss of the training by step"))
    if watched:
        label = "validation accuracy (%)"
        charts.append(_chart("watched-chart", watched, label, "accuracies by step"))
    if not charts:
        return ""
    note = "Of what networks are judged by; TensorBoard shows more of it."
    if watched:
        note = (
            "Of the supernet that networks are judged by, with the accuracies of its smallest and "
            "its largest network; TensorBoard shows more of it."
        )
    inner = "".join(f"<div class='small-chart'>{chart}</div>" for chart in charts)
    return section("training", "Training", f"<div class='pair'>{inner}</div>", note=note)


def _chart(name: str, series: dict[str, list[tuple[int, float]]], label: str, says: str) -> str:
    every = [point for values in series.values() for point in values]
    chart = Chart(
        name,
        says,
        axis((step for step, _ in every), "step"),
        axis((value for _, value in every), label),
    )
    legend = []
    for index, (one, values) in enumerate(series.items()):
        chart.line([(float(step), value) for step, value in values], f"s{index}")
        chart.tips += [
            (step, value, f"{one}: {value:.4g}\nstep {step:,}") for step, value in values
        ]
        legend.append(f"<span class='s{index}'>{text(one)}</span>")
    shown = f"<div class='legend'>{''.join(legend)}</div>" if len(series) > 1 else ""
    return chart.html + shown
