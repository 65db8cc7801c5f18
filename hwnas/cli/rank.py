"""`hwnas rank`: how well estimators rank networks whose accuracy is known."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.estimators.csv_file import KnownAccuracies
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder
    from hwnas.runs.ranking import Ranking

TRAINED = "trained"
_OF_A_CSV, _TO_TRAIN = 500, 50


def rank(
    config: options.Config,
    truth: Annotated[
        str,
        typer.Option(
            help="A CSV of known accuracies (architecture, accuracy; a row a training), or "
            f"'{TRAINED}': networks are trained from scratch here.",
        ),
    ],
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            help="An estimator, as accuracy.source names them; may be repeated. MACs are always "
            "there. (default: all that can be had)"
        ),
    ] = None,
    networks: Annotated[
        int | None,
        typer.Option(
            min=10,
            max=1_000_000,
            help="At most so many networks a seed. (default: "
            f"{_OF_A_CSV} of a CSV, {_TO_TRAIN} where they are trained)",
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=1,
            max=1000,
            help="Each draws other networks of the CSV, and initial weights and images of its own.",
        ),
    ] = 3,
    trainings: Annotated[
        int,
        typer.Option(
            min=1,
            max=100,
            help=f"With --truth {TRAINED}, of each network; two tell the noise ceiling.",
        ),
    ] = 1,
    run: options.Run = None,
    data: options.Data = None,
    strict: options.Strict = False,
    resolution: options.Resolution = None,
    from_ofa: options.FromOfa = None,
    settings: options.Settings = None,
    as_json: options.Json = False,
) -> None:
    """Rank networks of known accuracy by every estimator, beside MACs alone and the noise ceiling.

    Writes ranking.json and ranking.svg into the run folder. No network is judged or trained twice:
    interrupted and run again, it goes on.
    """
    from hwnas.cli.stages import open_run
    from hwnas.core.files import write_atomically
    from hwnas.estimators import ESTIMATORS
    from hwnas.export.writer import as_json as json_text
    from hwnas.report.ranking_picture import ranking_svg
    from hwnas.runs.folder import RunFolder
    from hwnas.runs.ranking import KNOWN, check_estimators, ranking_files
    from hwnas.runs.ranking import rank as rank_networks

    output = Output(as_json)
    names = list(dict.fromkeys(estimator or []))
    loaded = options.load_config(
        config,
        data=data,
        strict=strict,
        resolution=resolution,
        from_ofa=from_ofa,
        settings=settings,
    )
    path = options.run_path(run, config)
    RunFolder(path).check(loaded)
    experiment = options.experiment_of(config, loaded)
    check_estimators(experiment, RunFolder(path), names)
    # What is wrong with the truth is said before a run is made.
    known = None if truth == TRAINED else _read(truth, experiment, output)
    if known is None:
        _ = loaded.recipe
    looked_at = loaded.data is not None and any(ESTIMATORS[n].images for n in names or KNOWN)
    with open_run(path, experiment, output, images=known is None or looked_at) as folder:
        if known is None:
            known = _train(experiment, folder, networks or _TO_TRAIN, trainings, output)
        with output.progress("judging networks", "networks") as update:
            ranking = rank_networks(
                experiment,
                folder,
                known,
                names=names,
                networks=networks or _OF_A_CSV,
                seeds=seeds,
                progress=lambda name, done, total: update(done, total, name),
            )
        document, picture = ranking_files(folder)
        write_atomically(picture, ranking_svg(ranking))
        write_atomically(document, json_text(ranking.to_dict()))
        _show(output, ranking)
        output.line(f"figures: {document}\npicture: {picture}")
        output.document(ranking.to_dict() | {"picture": str(picture)})


def _read(truth: str, experiment: "Experiment", output: Output) -> "KnownAccuracies":
    from hwnas.estimators.csv_file import read_accuracies
    from hwnas.runs.ranking import check_known

    known = read_accuracies(Path(truth), experiment.space)
    output.say(
        f"{truth}: {known.rows:,} rows, {len(known.accuracies):,} distinct networks of "
        f"{experiment.space.name}"
    )
    for sentence in known.stated.sentences(truth, experiment.space.resolution):
        output.say(sentence)
    check_known(known)
    return known


def _train(
    experiment: "Experiment", folder: "RunFolder", networks: int, trainings: int, output: Output
) -> "KnownAccuracies":
    from hwnas.runs.ranking_truth import train_truth

    with output.progress("training networks from scratch", "steps") as update:
        path = train_truth(experiment, folder, networks, trainings, update)
    return _read(str(path), experiment, output)


def _show(output: Output, ranking: "Ranking") -> None:
    from hwnas.report.ranking_rows import RANKING_HEADER, ranking_row

    rows = [ranking_row(one.name, one.report, one.seconds) for one in ranking.ranked]
    rows.append(ranking_row("MACs alone", ranking.macs.report, ranking.macs.seconds))
    ceiling = "noise ceiling" if ranking.ceiling else "noise ceiling: unknown, one training each"
    rows.append(ranking_row(ceiling, ranking.ceiling, None))
    count, seeds = len(ranking.samples[0]), len(ranking.samples)
    output.table(
        f"{count:,} networks of {ranking.space}, {seeds} seed{'s' if seeds > 1 else ''} "
        "(mean ±standard deviation)",
        RANKING_HEADER,
        rows,
    )
    for name, reason in ranking.left_out.items():
        output.say(f"{name} was left out: {reason}")
