"""The stages of a run as verbs run them, with progress; `quickstart` is all of them in a row."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from hwnas.cli.output import Output
from hwnas.cli.show import show_origin, warn
from hwnas.cli.visit_warnings import WARNINGS
from hwnas.core.files import write_atomically
from hwnas.data import balance_of
from hwnas.data.loading import one_spelling
from hwnas.estimators import training_function
from hwnas.estimators.source import Judge
from hwnas.export.writer import as_json
from hwnas.latency.model import LatencyModel
from hwnas.objectives.objective import amount
from hwnas.report.content import gather
from hwnas.report.page import render_page
from hwnas.report.picture import front_svg
from hwnas.runs.experiment import Experiment
from hwnas.runs.exporting import Exporter
from hwnas.runs.folder import RunFolder
from hwnas.runs.keeping import keep_inputs, keep_of_earlier
from hwnas.runs.latency_check import Patience
from hwnas.runs.plan import plan, too_short
from hwnas.runs.scores import bind_scores
from hwnas.runs.searching import SearchResult, search, write_front
from hwnas.runs.stale import forget_report, note_front
from hwnas.runs.summary import summarize
from hwnas.runs.training import TrainedSupernet, train_supernet, with_loss
from hwnas.training.trainer import TrainReport

# More than table and measurement differ by on a machine that was alike both times.
FAR = 0.15
# Points of accuracy that the conversion to a lower precision may cost without a word: two images
# of a hundred go another way by chance.
LOST = 2.0


@contextmanager
def open_run(
    path: Path, experiment: Experiment, output: Output, *, images: bool = True
) -> Iterator[RunFolder]:
    """The run folder of an experiment held for this process, made or continued.

    Where images are needed they are read first: a folder of images that cannot be used leaves no
    run behind.
    """
    folder = RunFolder(path)
    folder.check(experiment.config)
    if images:
        read_images(experiment, output, folder)
    with folder.open(experiment.config):
        keep_inputs(folder, experiment)
        yield folder


def read_images(experiment: Experiment, output: Output, folder: RunFolder) -> None:
    """Reads the images of an experiment, and says how they are split and what is odd about them.

    Raises:
        DataError: they cannot be used.
        RunError: the run was made with others.
    """
    with ExitStack() as stack:
        bar: list[Callable[..., None]] = []

        def decoded(done: int, total: int) -> None:
            if not bar:  # nothing to wait for where images are in the cache
                bar.append(stack.enter_context(output.progress("decoding the images", "images")))
            bar[0](done, total)

        dataset = experiment.read_images(decoded)
    folder.check_images(dataset.fingerprint, experiment.image_source)
    output.say(
        f"{dataset.name}: {dataset.classes} classes; {len(dataset.train):,} images to train, "
        f"{len(dataset.validation):,} to choose by (validation), {len(dataset.test):,} to test"
    )
    if dataset.skipped:
        first = ", ".join(dataset.skipped[:3])
        output.say(
            f"unreadable images that are left out: {len(dataset.skipped)}, such as {first} "
            "(--strict refuses them)"
        )
    for sentence in (*balance_of(dataset).sentences(), *dataset.notes):
        output.say(sentence)


@contextmanager
def reopen_run(
    path: Path, data: str | None = None, *, reading: bool = False
) -> Iterator[tuple[Experiment, RunFolder]]:
    """A run folder that is there, by its own config and what it holds, wherever it is.

    Args:
        path: the run folder.
        data: where its images are now, if not where they were.
        reading: see `RunFolder.open`.
    """
    folder = RunFolder(path)
    config = folder.config()
    folder.check_found(config, data)
    with folder.open(config, reading=reading):
        sources = replace(folder.sources(as_searched=True), images=data and one_spelling(data))
        yield Experiment(config, sources), folder


def train_stage(
    experiment: Experiment, folder: RunFolder, output: Output, estimator: str | None = None
) -> TrainReport | None:
    """Trains what an estimator (that of the config) needs: the supernet, if that is nothing else.

    None when published weights are taken as they are.
    """
    training = training_function(estimator or experiment.config.accuracy.source)
    if training is not None:
        report: TrainReport = training(experiment, folder, output.progress)
        return report
    if not experiment.config.recipe.train.epochs:
        return train_supernet(experiment, folder)
    if not folder.supernet_file.is_file():
        output.say(plan(experiment))
        if warning := too_short(experiment):
            output.say(warning)
    dataset = experiment.dataset
    title = f"training the supernet on {len(dataset.train):,} images of {dataset.name}"
    with output.progress(title, "steps") as update:
        return train_supernet(experiment, folder, with_loss(update))


def train_along(experiment: Experiment, folder: RunFolder, estimator: str | None = None) -> None:
    """The same in a further process of torchrun, which writes nothing and shows nothing."""
    training = training_function(estimator or experiment.config.accuracy.source)
    if training is None:
        train_supernet(experiment, folder)
    else:
        training(experiment, folder, lambda _: nullcontext(lambda *_: None))


def search_stage(
    experiment: Experiment, folder: RunFolder, latency: LatencyModel, judge: Judge, output: Output
) -> SearchResult:
    """Runs the searchers and writes the front."""
    bind_scores(folder, judge)
    warn(output, latency)
    for name, model in experiment.further_latencies.items():
        warn(output, model, name)
    if experiment.energy is not None:
        warn(output, experiment.energy)
    show_origin(output, judge.origin)
    for sentence in judge.origin.stated(experiment.space.resolution):
        output.say(sentence)
    problem = experiment.problem(latency)
    keep_inputs(folder, experiment, searched=True)
    folder.adopt(experiment.config)
    for limit in problem.every_limit:
        output.say(f"budget: {limit.name} ≤ {amount(limit.bound)} {limit.unit}")
    with output.progress("judging networks", "networks") as update:

        def told(name: str, done: int, total: int) -> None:
            update(done, total, name)

        result = search(experiment, folder, latency, judge, told)
    for sentence in note_front(folder, result.digest, result.earlier_digest):
        output.say(sentence)
    write_front(result, experiment.space, folder.front_file)
    return result


def export_stage(
    experiment: Experiment,
    folder: RunFolder,
    latency: LatencyModel,
    trained: TrainedSupernet | None,
    result: SearchResult,
    output: Output,
    start: float,
    patience: float | None = None,
) -> dict[str, Any]:
    """Exports the winner and the reference, and writes `summary.json`.

    Without a trained supernet the winner is trained from scratch; `start` is monotonic, `patience`
    are the seconds of `hwnas.runs.latency_check.Patience`.
    """
    warn(output, latency)
    if experiment.energy is not None:
        warn(output, experiment.energy)
    waiting = Patience() if patience is None else Patience(patience)
    export = Exporter(experiment, folder, latency, trained, result, output, waiting).export()
    predicted, measured = export.winner.predicted_ms, export.winner.measured
    if predicted and measured and abs(measured.ms / predicted - 1) > FAR:
        output.say(
            f"warning: predicted {predicted:.4g} ms, measured {measured.ms:.4g}: "
            "the machine was busier at one time than at the other; when it is idle, profile into "
            "a new table (--table) and search again"
        )
    for name in measured.warnings if measured else ():
        output.say(f"warning: the winner was measured with {name}: {WARNINGS[name]}")
    whole, converted = export.winner.test_accuracy, export.winner.numbers.accuracy
    if whole - converted > LOST:
        output.say(
            f"warning: {experiment.device.precision} costs {whole - converted:.1f} points of "
            f"accuracy on the test images ({whole:.1f} to {converted:.1f} %); a device with a "
            "higher precision keeps them"
        )
    seconds = time.monotonic() - start
    summary = summarize(export, experiment, latency, result, seconds)
    write_atomically(folder.summary_file, as_json(summary))
    for sentence in forget_report(folder):
        output.say(sentence)
    return summary


def report_stage(
    experiment: Experiment, folder: RunFolder, out: Path | None = None
) -> tuple[Path, Path]:
    """Writes the page and the picture, into the run or another folder."""
    content = gather(experiment, folder)
    if out is None:
        keep_of_earlier(folder, experiment)
    page, picture = ((out or folder.path) / name for name in ("report.html", "front.svg"))
    write_atomically(picture, front_svg(content))
    write_atomically(page, render_page(content))
    return page, picture
