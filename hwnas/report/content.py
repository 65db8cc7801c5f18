"""What a report shows: everything judged, the front, the winner, and how right the table is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hwnas.estimators.scores import ScoreInfo
from hwnas.latency.family import AnyEnergy, AnyLatency
from hwnas.networks.blocks import Network
from hwnas.objectives.budgets import LATENCY
from hwnas.objectives.statistics.intervals import Interval
from hwnas.report.class_results import ClassResults, class_results
from hwnas.report.contributions import Contribution, contributions
from hwnas.report.curves import Curves, drawn_curves
from hwnas.report.framed import framed_network, winner_network
from hwnas.report.points import DrawnPoints, chosen_points, drawn_points
from hwnas.report.rows import front_header, front_notes, front_rows
from hwnas.report.setting import Setting, pick_command, setting_of
from hwnas.report.values import RunValues, run_values
from hwnas.runs.ensembles.form import EnsembleSummary, ensembles_of
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.front_points import front_points
from hwnas.runs.searching import RunSearch, search_result
from hwnas.runs.short_supernet import short_supernet
from hwnas.runs.status_form import Status, read_status
from hwnas.runs.stored_summary import stored_export
from hwnas.runs.summary_form import ExportSummary, Summary
from hwnas.search.front import knee


@dataclass(frozen=True)
class Judged:
    """Networks that one searcher asked for: (N,) latencies in ms and accuracies in %."""

    searcher: str
    latency_ms: NDArray[np.float64]
    accuracy: NDArray[np.float64]


@dataclass(frozen=True)
class ReportContent:
    """A run, ready to be drawn.

    `drawn` are the judged networks with their blocks, `curves` how the training went, `classes` how
    the winner answers class by class and `values` what choices are worth, both None where that is
    not known. `summary` is None before a winner was exported, `exported` before anything was;
    `ensembles` are those of this front, and `status` is None where the winner is in no other
    format. `front_knee` is the index of the knee in the front; `front_header` and `front_rows` are
    the front as a table of text, `front_notes` sentences below it, `warnings` what a reader should
    know before all else; `energy` is None without a budget on it; `digest` is the front's.
    """

    title: str
    config_yaml: str
    judged: list[Judged]
    front_latency_ms: NDArray[np.float64]
    front_accuracy: NDArray[np.float64]
    front_knee: int | None
    budget_ms: float | None
    contributions: list[Contribution]
    latency: AnyLatency
    summary: Summary | None
    score_info: ScoreInfo
    front_header: list[str]
    front_rows: list[list[str]]
    front_notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    energy: AnyEnergy | None = None
    digest: str = ""
    exported: ExportSummary | None = None
    ensembles: Sequence[EnsembleSummary] = ()
    status: Status | None = None
    drawn: DrawnPoints | None = None
    curves: Curves = field(default_factory=Curves)
    classes: ClassResults | None = None
    values: RunValues | None = None
    setting: Setting = field(default_factory=Setting)

    @property
    def front_intervals(self) -> list[Interval]:
        """The 95 % interval of each accuracy of the front; none where its images are not known."""
        found = [self.score_info.interval(float(value)) for value in self.front_accuracy]
        return [interval for interval in found if interval is not None]


def gather(experiment: Experiment, folder: RunFolder) -> ReportContent:
    """Reads what a run holds.

    Raises:
        RunError, TableError: the run was not searched, or its table is gone.
    """
    folder.check_searched()
    latency = experiment.stored_latency_model()
    result = search_result(experiment, folder, experiment.problem(latency))
    points = front_points(result, experiment.space)
    exported = stored_export(folder, result)
    summary = exported if isinstance(exported, Summary) else None
    winner = None if summary is None else winner_network(folder)
    framed = framed_network(result, experiment.space, exported, winner)
    curves = drawn_curves(folder.log_folder)
    return ReportContent(
        title=f"{experiment.space.name} on {experiment.device.name}",
        config_yaml=experiment.config.to_yaml(),
        judged=judged_points(result),
        front_latency_ms=result.front.costs,
        front_accuracy=result.front.scores,
        front_knee=knee(result.front),
        budget_ms=result.problem.bound(LATENCY),
        contributions=contributions(result),
        latency=latency,
        summary=summary,
        score_info=result.score_info,
        front_header=front_header(result),
        front_rows=front_rows(points, knee(result.front), result.score_info),
        front_notes=front_notes(result),
        warnings=[short] if (short := short_supernet(experiment, folder)) else [],
        energy=experiment.energy,
        digest=result.digest,
        exported=exported,
        ensembles=ensembles_of(folder.path, result.digest),
        status=None if summary is None else read_status(folder.export_folder("winner")),
        drawn=drawn_points(
            result,
            points,
            experiment.space,
            latency,
            winner=winner,
            reference=_reference(experiment),
            picked=() if exported is None else [one.id for one in exported.picks],
            export=pick_command(folder),
        ),
        curves=curves,
        classes=None if summary is None else class_results(experiment, folder),
        values=run_values(experiment, folder, result, framed),
        setting=setting_of(experiment, folder, exported, curves, result),
    )


def _reference(experiment: Experiment) -> tuple[str, Network] | None:
    found = experiment.published
    return None if found is None else (f"{found.library}'s {found.name}", found.network)


def judged_points(result: RunSearch) -> list[Judged]:
    """What the picture shows beside the front: of very many networks as many as the page."""
    drawn = chosen_points(result)
    costs, scores = result.problem.costs(result.architectures[drawn]), result.scores[drawn]
    asked = {name: some[drawn] for name, some in result.asked.items()}
    earlier = ~np.any([*asked.values(), np.zeros(len(costs), dtype=np.bool_)], axis=0)
    if earlier.any():
        asked["an earlier search"] = earlier
    return [Judged(name, costs[some], scores[some]) for name, some in asked.items()]
