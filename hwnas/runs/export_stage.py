"""The export stage: the winner of a run, and its figures in a file."""

import time
from dataclasses import replace
from typing import get_args

from hwnas.core.errors import ConfigError
from hwnas.core.files import write_atomically
from hwnas.core.listener import Listener
from hwnas.estimators import SUPERNET, find_estimator
from hwnas.latency.family import AnyLatency
from hwnas.runs.config import ExportConfig, WeightsFrom
from hwnas.runs.experiment import Experiment
from hwnas.runs.exporting import Export, Exporter
from hwnas.runs.folder import RunFolder
from hwnas.runs.latency_check import Patience
from hwnas.runs.model_warnings import warn_of_models
from hwnas.runs.searching import RunSearch
from hwnas.runs.short_supernet import short_supernet
from hwnas.runs.stale import forget_report
from hwnas.runs.summary import summarize
from hwnas.runs.summary_form import Summary
from hwnas.runs.training import TrainedSupernet
from hwnas.runs.visit_warnings import WARNINGS

# More than table and measurement differ by on a machine that was alike both times.
FAR = 0.15
# Points of accuracy that the conversion to a lower precision may cost without a word: two images
# of a hundred go another way by chance.
LOST = 2.0


def export_stage(
    experiment: Experiment,
    folder: RunFolder,
    latency: AnyLatency,
    trained: TrainedSupernet | None,
    result: RunSearch,
    listener: Listener,
    *,
    start: float,
    patience: Patience,
) -> Summary:
    """Exports the winner and the reference, and writes `summary.json`.

    Args:
        experiment: of the run.
        folder: of the run, open.
        latency: of its device.
        trained: its supernet; without one the winner is trained from scratch.
        result: of its search.
        listener: gets progress, sentences and warnings.
        start: monotonic, when what the summary calls its seconds began.
        patience: how long a busy machine is waited for.

    Raises:
        BudgetError: no network of the front measures within the budgets.
        DeviceError, TableError, RunError: see the stages; what was done is kept.
    """
    warn_of_models(listener, experiment, latency)
    if short := short_supernet(experiment, folder):
        listener.warn(short)
    export = Exporter(experiment, folder, latency, trained, result, listener, patience).export()
    for sentence in _doubts(export, experiment.device.precision):
        listener.warn(sentence)
    summary = summarize(export, experiment, latency, result, time.monotonic() - start)
    write_atomically(folder.summary_file, summary.to_json())
    for sentence in forget_report(folder):
        listener.say(sentence)
    return summary


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
    own_weights = name != SUPERNET and find_estimator(name).weights is not None
    if weights_from == "supernet" and own_weights:
        raise ConfigError(
            f"--from-supernet: with accuracy.estimator: {name} there is no supernet; leave it out"
        )
    chosen = ExportConfig(weights_from=weights_from, teacher=config.export.teacher)
    return replace(experiment, config=config.model_copy(update={"export": chosen}))


def _doubts(export: Export, precision: str) -> list[str]:
    """What a person should look at, a sentence each."""
    found = []
    predicted, measured = export.winner.predicted_ms, export.winner.measured
    if predicted and measured and abs(measured.ms / predicted - 1) > FAR:
        found.append(
            f"predicted {predicted:.4g} ms, measured {measured.ms:.4g}: the machine was busier at "
            "one of the two times; when it is idle, profile into a new table (--table) and search "
            "again"
        )
    found += [
        f"the winner was measured with {name}: {WARNINGS[name]}"
        for name in (measured.warnings if measured else ())
    ]
    whole, converted = export.winner.test_accuracy, export.winner.numbers.accuracy
    if whole - converted > LOST:
        found.append(
            f"{precision} costs {whole - converted:.1f} points of accuracy on the test images "
            f"({whole:.1f} to {converted:.1f} %); a higher precision of the device avoids that"
        )
    return found
