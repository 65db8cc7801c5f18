"""The export stage: the networks of a run that are taken home, and their figures in a file."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from hwnas.core.errors import BudgetError, ConfigError, TrainingError
from hwnas.core.files import write_atomically
from hwnas.core.listener import Listener
from hwnas.estimators import find_estimator
from hwnas.estimators.registry import SUPERNET_FILE
from hwnas.latency.family import AnyLatency
from hwnas.runs.conversion import conversion_doubts
from hwnas.runs.experiment import Experiment
from hwnas.runs.export_config import WeightsFrom
from hwnas.runs.exported import Exported
from hwnas.runs.exporting import Exporter
from hwnas.runs.folder import RunFolder
from hwnas.runs.latency_check import WINNER, Patience
from hwnas.runs.model_warnings import warn_of_models
from hwnas.runs.picks import Chosen, Pick
from hwnas.runs.searching import RunSearch
from hwnas.runs.short_supernet import short_supernet
from hwnas.runs.stale import forget_report
from hwnas.runs.status import status_stage
from hwnas.runs.summary import summarize, summarize_pick
from hwnas.runs.summary_form import ExportSummary
from hwnas.runs.training import TrainedSupernet
from hwnas.runs.visit_warnings import WARNINGS
from hwnas.runs.wanted_formats import WantedFormats

if TYPE_CHECKING:
    from hwnas.search.executors.ray_workers import RayWorkers

# More than table and measurement differ by on a machine that was alike both times.
FAR = 0.15


def export_stage(
    experiment: Experiment,
    folder: RunFolder,
    latency: AnyLatency,
    trained: TrainedSupernet | None,
    result: RunSearch,
    listener: Listener,
    chosen: Chosen,
    wanted: WantedFormats,
    *,
    start: float,
    patience: Patience,
    workers: "RayWorkers | None" = None,
) -> ExportSummary:
    """Exports what was chosen and the reference, and writes `summary.json` after each.

    Then it makes the further formats of what was exported.

    Args:
        experiment: of the run.
        folder: of the run, open.
        latency: of its device.
        trained: its supernet; without one networks are trained from scratch.
        result: of its search.
        listener: gets progress, sentences and warnings.
        chosen: the winner, other networks, or both.
        wanted: formats and precisions; none for no further files.
        start: monotonic, when what the summary calls its seconds began.
        patience: how long a busy machine is waited for.
        workers: they train networks, side by side where there are several; None for here. All else
            happens here, one network after another.

    Raises:
        BudgetError: no network of the front measures within the budgets; further picks are
            exported all the same.
        TrainingError: networks cannot be trained; the others are exported.
        DeviceError, TableError, RunError: see the stages; what was done is kept.
        ConfigError, HwnasError: see `hwnas.runs.status.status_stage`.
    """
    exporter = Exporter(experiment, folder, latency, trained, result, listener, patience, workers)
    try:
        summary = _export(exporter, latency, chosen, start)
    except (BudgetError, TrainingError):  # of one of them; the other picks are there
        if chosen.picks and (others := exporter.record.summary) is not None:
            _add_status(experiment, folder, others, chosen, wanted, listener)
        raise
    return _add_status(experiment, folder, summary, chosen, wanted, listener)


def _export(exporter: Exporter, latency: AnyLatency, chosen: Chosen, start: float) -> ExportSummary:
    """Exports what was chosen, one network after another."""
    experiment, folder, result = exporter.experiment, exporter.folder, exporter.result
    listener = exporter.listener
    warn_of_models(listener, experiment, latency)
    if short := short_supernet(experiment, folder):
        listener.warn(short)
    record, without_winner = exporter.record, None
    if left := [pick for pick in chosen.picks if record.row(pick) is None]:
        exporter.train(left)
    if chosen.best and chosen.picks and record.has_winner:
        listener.say(f"{folder.export_folder(WINNER)} is complete")
    elif chosen.best:
        try:
            export = exporter.export()
        except (BudgetError, TrainingError) as error:
            if not chosen.picks:
                raise
            without_winner = error
            listener.warn(f"no winner: {error}")
        else:
            _warn_of(export.winner, WINNER, experiment, listener)
            seconds = time.monotonic() - start
            record.put_winner(summarize(export, experiment, latency, result, seconds))
            _forget_report(folder, listener)
    failed = []
    for number, pick in enumerate(chosen.picks, start=1):
        if len(chosen.picks) > 1:
            listener.say(f"network {number} of {len(chosen.picks)}: {pick.id}")
        try:
            _export_pick(pick, exporter, start)
        except TrainingError as error:
            if len(chosen.picks) == 1 and not chosen.best:
                raise
            failed.append(f"{pick.id} ({error})")
            listener.warn(f"{pick.id} is not exported: {error}")
    if failed:
        rest = "; the others were exported" if len(failed) < len(chosen.picks) else ""
        raise TrainingError(
            f"{len(failed)} of {len(chosen.picks)} picks cannot be trained: "
            f"{', '.join(failed)}{rest}"
        )
    if without_winner is not None and chosen.insists:
        raise type(without_winner)(f"{without_winner}; the other picks were exported")
    assert record.summary is not None
    return record.summary


def _export_pick(pick: Pick, exporter: Exporter, start: float) -> None:
    """Exports a network that was picked, unless that was done before.

    Raises:
        TrainingError: it cannot be trained.
    """
    experiment, result, listener = exporter.experiment, exporter.result, exporter.listener
    record = exporter.record
    row = record.row(pick)
    if row is not None:
        listener.say(f"{pick.id} is complete: {exporter.folder.export_folder(row.folder)}")
        record.put_row(row.model_copy(update={"asked": pick.asked}))
        return
    made = exporter.pick(pick)
    _warn_of(made.exported, pick.id, experiment, listener)
    seconds = time.monotonic() - start
    record.put_row(*summarize_pick(pick, made, experiment, result, record.reference, seconds))
    _forget_report(exporter.folder, listener)


def _forget_report(folder: RunFolder, listener: Listener) -> None:
    for sentence in forget_report(folder):
        listener.say(sentence)


def _add_status(
    experiment: Experiment,
    folder: RunFolder,
    summary: ExportSummary,
    chosen: Chosen,
    wanted: WantedFormats,
    listener: Listener,
) -> ExportSummary:
    """Exports what was chosen in further formats, and adds their status to the summary."""
    names = [WINNER] if chosen.best and summary.winner is not None else []
    ids = [pick.id for pick in chosen.picks]
    names += [row.folder for row in summary.picks if row.id in ids]
    folders = [folder.export_folder(name) for name in dict.fromkeys(names)]
    status = status_stage(experiment, folders, wanted, listener) if wanted.pairs else {}
    if status == summary.status:
        return summary
    whole = summary.model_copy(update={"status": status})
    write_atomically(folder.summary_file, whole.to_json())
    return whole


def exporting(experiment: Experiment, weights_from: WeightsFrom | None) -> Experiment:
    """The experiment with what its winner's training starts from; None for what the config says.

    Raises:
        ConfigError: there is no such start, or no supernet to start from.
    """
    if weights_from is None:
        return experiment
    if weights_from not in get_args(WeightsFrom):
        known = " or ".join(f"'{one}'" for one in get_args(WeightsFrom))
        raise ConfigError(f"weights_from must be {known}, and is {weights_from!r}")
    config = experiment.config
    name = config.accuracy.estimator
    own_weights = find_estimator(name).weights not in (None, SUPERNET_FILE)
    if weights_from == "supernet" and own_weights:
        raise ConfigError(
            f"--from-supernet: with accuracy.estimator: {name} there is no supernet; leave it out"
        )
    chosen = config.export.model_copy(update={"weights_from": weights_from})
    return replace(experiment, config=config.model_copy(update={"export": chosen}))


def _warn_of(one: Exported, name: str, experiment: Experiment, listener: Listener) -> None:
    """Says what a person should look at, a sentence each."""
    predicted, measured = one.predicted_ms, one.measured
    of = "" if name == WINNER else f"{name}: "
    if predicted and measured and abs(measured.ms / predicted - 1) > FAR:
        listener.warn(
            f"{of}predicted {predicted:.4g} ms, measured {measured.ms:.4g}: the machine was busier "
            "at one of the two times; when it is idle, profile into a new table (--table) and "
            "search again"
        )
    for warning in measured.warnings if measured else ():
        called = "the winner" if name == WINNER else name
        listener.warn(f"{called} was measured with {warning}: {WARNINGS[warning]}")
    most_drop = experiment.config.export.int8.most_drop
    for doubt in conversion_doubts(one, experiment.device.precision, most_drop):
        listener.warn(f"{of}{doubt}")
