"""How right predictions are: predicted against measured, and measured twice."""

from hwnas.latency.family import AnyModel
from hwnas.latency.model import BlockModel
from hwnas.report.chart import Chart, axis
from hwnas.report.content import ReportContent
from hwnas.report.html import callouts, paragraphs, section, table, text
from hwnas.report.rows import VALIDATION_HEADER, validation_rows

_LIMITS = (-5.0, 5.0)


def validation_section(content: ReportContent) -> str:
    """The models of latency and, where there is a budget on it, of energy."""
    parts = _models("latency", content.latency)
    found = section("validation", "Predicted against measured", *parts)
    if content.energy is not None:
        found += section(
            "energies",
            "How right the energies are",
            *_models("energy", content.energy),
            paragraphs(["Energies are in mJ per inference, of the whole board."]),
        )
    return found


def _models(name: str, model: AnyModel) -> list[str]:
    """How right a model is, or each of several, under the name of its member."""
    parts = []
    for index, (member, one) in enumerate(model.members.items()):
        parts += [*([f"<h3>{text(member)}</h3>"] if member else []), *_model(f"{name}{index}", one)]
    return parts


def _model(name: str, model: BlockModel) -> list[str]:
    parts = [callouts([f"warning: {model.warning}"])] if model.warning else []
    if model.validation is not None:
        validation = model.validation
        said = (
            f"Errors on {validation.prediction.networks} networks that the fit "
            f"({model.correction.name}) has not seen, beside the difference between two "
            "measurements of the same networks."
        )
        if model.basis == "networks":
            networks = len(model.fit_networks)
            said += f" What each block adds is estimated from {networks} whole networks."
        parts += [
            paragraphs([said]),
            table(VALIDATION_HEADER, validation_rows(validation), "errors of predictions"),
            _chart(name, model),
        ]
    return parts


def _chart(name: str, model: BlockModel) -> str:
    validation = model.validation
    if validation is None:
        return ""
    unit = model.quantity.unit
    both = {
        "predicted, from measured": (validation.predicted, validation.measured),
        "measured, from measured again": (validation.first, validation.second),
    }
    series = {  # of imported timings nothing was taken twice
        label: [
            (measured, 100 * (one / other - 1), one, other)
            for measured, one, other in zip(validation.measured, values, others, strict=True)
        ]
        for label, (values, others) in both.items()
        if values
    }
    every = [y for points in series.values() for _, y, _, _ in points]
    chart = Chart(
        f"validation-{name}",
        f"differences between predicted and measured {model.quantity.plural}, in percent",
        axis(validation.measured, f"measured ({unit})"),
        axis([*every, *_LIMITS], "difference (%)"),
    )
    chart.rule(0.0, css="zero", across=True)
    for limit in _LIMITS:
        chart.rule(limit, css="limit", across=True)
    buttons = []
    for index, (label, points) in enumerate(series.items()):
        css = f"s{(1, 0)[index]}"
        chart.dots([(x, y) for x, y, _, _ in points], f"{css} big")
        chart.tips += [
            (x, y, f"{label}: {y:+.2f} %\n{one:.4g} against {other:.4g} {unit}")
            for x, y, one, other in points
        ]
        buttons.append(f"<span class='{css}'>{text(label)}</span>")
    return (
        f"<div class='small-chart'>{chart.html}<div class='legend'>{''.join(buttons)}</div></div>"
    )
