"""A run as large as is asked for, made up, for the page that reports it.

Random networks of MobileNetV3-Large with made-up latencies and accuracies, a winner, curves,
classes and pictures, so that every section of the page is there.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from hwnas.data import Balance
from hwnas.estimators.choice_values import ChoiceValues
from hwnas.estimators.supernet.estimator import SupernetEstimator
from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.latency.validation import Validation
from hwnas.networks.blocks import block_key, distinct_blocks
from hwnas.objectives.costs import MACS
from hwnas.objectives.measured import measured_objective
from hwnas.report.class_results import ClassResults, picture
from hwnas.report.content import Judged, ReportContent
from hwnas.report.contributions import contributions
from hwnas.report.curves import Curves
from hwnas.report.framed import framed_network
from hwnas.report.points import drawn_points
from hwnas.report.rows import front_header, front_rows
from hwnas.report.setting import Setting
from hwnas.report.values import PATHS, RunValues, fitted_values
from hwnas.runs.front_points import front_points
from hwnas.runs.mistakes import Wrong
from hwnas.runs.searching import RunSearch
from hwnas.runs.summary_form import Figures, Reference, Summary
from hwnas.search.front import knee
from hwnas.search.policies.history import ValueHistory
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace, load_reference, load_space

SEARCHERS = ("layernas", "nsga2", "random", "surrogate")
NAMES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def made_up(trials: int, **changed: Any) -> ReportContent:
    """The content of a page with so many judged networks; `changed` replaces parts of it."""
    generator = np.random.default_rng(0)
    space = load_space("mobilenet_v3_large", resolution=96, classes=len(NAMES))
    reference = load_reference("mobilenet_v3_large", resolution=96, classes=len(NAMES))
    latency = _latency(space, reference.network)
    result = _searched(space, latency, trials, generator)
    points = front_points(result, space)
    winner = space.network(result.front.architectures[-1])
    drawn = drawn_points(
        result,
        points,
        space,
        latency,
        winner=winner,
        reference=("torchvision's mobilenet_v3_large", reference.network),
        export="hwnas export runs/made_up --pick ID",
    )
    costs = result.problem.costs(result.architectures)
    content: dict[str, Any] = {
        "title": "mobilenet_v3_large on a small board",
        "config_yaml": "space: mobilenet_v3_large\nresolution: 96\n",
        "judged": [
            Judged(name, costs[some], result.scores[some]) for name, some in result.asked.items()
        ],
        "front_latency_ms": result.front.costs,
        "front_accuracy": result.front.scores,
        "front_knee": knee(result.front),
        "budget_ms": result.problem.limits[0].bound,
        "contributions": contributions(result),
        "latency": latency,
        "summary": _summary(result, points[-1].macs, points[-1].params),
        "score_info": result.score_info,
        "front_header": front_header(result),
        "front_rows": front_rows(points, knee(result.front), result.score_info),
        "drawn": drawn,
        "curves": _curves(),
        "classes": _classes(generator),
        "values": _values(result, space),
        "setting": Setting(
            [("device", "a small board"), ("processor", "a CPU (aarch64, 4 cores)")],
            [("search", f"{trials:,} networks judged", "0:21:40")],
            ["hwnas search config.yaml --run runs/made_up", "hwnas export runs/made_up"],
        ),
    }
    return ReportContent(**content | changed)


def _latency(space: SearchSpace, reference: Any) -> LatencyModel:
    blocks = distinct_blocks([space.blocks(), reference])
    macs = MACS.evaluate([(block,) for block in blocks])
    values = {block_key(b): 0.002 + 4e-8 * float(m) for b, m in zip(blocks, macs, strict=True)}
    generator = np.random.default_rng(1)
    measured = generator.uniform(1.5, 4.0, 30)
    noise = [1 + generator.normal(0, s, 30) for s in (0.015, 0.01, 0.01)]
    checked = Validation.of(
        measured * noise[0], measured, (measured * noise[1], measured * noise[2])
    )
    return LatencyModel(values, Correction("overhead + scale", overhead=0.05), checked)


def _searched(
    space: SearchSpace, latency: LatencyModel, trials: int, generator: np.random.Generator
) -> RunSearch:
    rows = np.unique(space.sample(generator, 2 * trials), axis=0)
    rows = rows[generator.permutation(len(rows))[:trials]]
    values = [generator.normal(0, 0.9, int(count)) for count in space.choice_counts]
    sums = sum(one[rows[:, i]] for i, one in enumerate(values))
    cost = Trellis.of(space, measured_objective(latency))
    ms = cost.evaluate(rows)
    scores = 78 + 4 * np.log(ms / ms.min()) + np.asarray(sums) + generator.normal(0, 0.5, len(rows))
    problem = SearchProblem(space, cost, (Limit(cost, float(np.quantile(ms, 0.6))),))
    numbers = np.arange(len(rows))
    asked = {name: numbers % len(SEARCHERS) == i for i, name in enumerate(SEARCHERS)}
    asked[SEARCHERS[0]] |= numbers % 7 == 0
    info = replace(SupernetEstimator().info(), judged_on=2000)
    (on_front,) = problem.on_fronts(rows, scores, [np.ones(len(rows), dtype=np.bool_)])
    return RunSearch(problem, rows, scores, on_front, asked, info, "0123456789abcdef")


def _summary(result: RunSearch, macs: int, parameters: int) -> Summary:
    best = float(result.front.costs[-1])
    figures: dict[str, Any] = {
        "predicted_ms": best,
        "measured_ms": 1.01 * best,
        "median_ms": 1.02 * best,
        "accuracy": 84.3,
        "accuracy_interval": (82.6, 85.8),
        "macs": macs,
        "parameters": parameters,
        "weights_from": "supernet",
    }
    reference = figures | {"measured_ms": 1.5 * best, "predicted_ms": 1.48 * best}
    return Summary(
        budget_ms=result.problem.limits[0].bound,
        budgets={"latency": result.problem.limits[0].bound},
        winner=Figures(**figures),
        reference=Reference(**reference, name="mobilenet_v3_large", library="torchvision"),
        verdict="33 % faster than mobilenet_v3_large; accuracy the same within ± 2 points on "
        "2,000 images",
        onnx_max_abs_diff=1e-6,
        front_digest=result.digest,
        device="a small board",
        precision="fp32",
        space="mobilenet_v3_large",
        resolution=96,
        images="photos",
        train_images=8000,
        validation_images=2000,
        test_images=2000,
        skipped_images=0,
        balance=Balance(10, NAMES[0], 200, NAMES[1], 200, 1.0, (), 10.0),
        model="model.onnx",
        seconds=1300.0,
    )


def _curves() -> Curves:
    steps = range(10, 5010, 10)
    loss = [(step, 2.3 * float(np.exp(-step / 1500)) + 0.4) for step in steps]
    watched = [(step, 85 - 60 * float(np.exp(-step / 900))) for step in range(500, 5010, 500)]
    smaller = [(step, value - 6) for step, value in watched]
    scalars = {"loss": loss, "accuracy/smallest": smaller, "accuracy/largest": watched}
    return Curves(scalars, 1200.0)


def _values(result: RunSearch, space: SearchSpace) -> RunValues:
    """A fit, and what a policy held after each of 60 epochs, ever more of what that found."""
    fitted = fitted_values(result, space)
    assert fitted is not None
    framed = framed_network(result, space, None, None)
    assert framed is not None
    history = ValueHistory.empty(int(space.choice_counts.sum()))
    for epoch in range(1, 61):
        history = history.added(epoch, [epoch / 60 * one for one in fitted.values.values])
    drawn = ChoiceValues.of_space(
        space,
        fitted.values.values,
        of=PATHS,
        title="What mcts, which drew the supernet's paths, holds of each choice",
        notes=["The policy's own values at the end of the supernet's training."],
        history=history,
    )
    return RunValues([one.framing(framed.chosen, framed.words) for one in (fitted.values, drawn)])


def _classes(generator: np.random.Generator) -> ClassResults:
    counts = generator.poisson(4, (len(NAMES), len(NAMES)))
    np.fill_diagonal(counts, generator.integers(140, 190, len(NAMES)))
    wrong = tuple(
        Wrong(image=i, label=i % 10, answer=(i + 3) % 10, confidence=0.99 - 0.01 * i)
        for i in range(12)
    )
    pixels = generator.integers(0, 256, (12, 3, 96, 96), dtype=np.uint8)
    return ClassResults(NAMES, counts, wrong, [picture(one) for one in pixels], "", 96)
