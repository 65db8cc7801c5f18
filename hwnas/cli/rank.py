"""`hwnas rank`: how well estimators rank networks whose accuracy is known."""

from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.output import Output
from hwnas.runs.defaults import RANKED_OF_A_CSV, RANKED_TRAINED, RANKING_SEEDS, TRAINED

if TYPE_CHECKING:
    from hwnas.runs.ranking import Ranking


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
            help="An estimator, as accuracy.estimator names them; may be repeated. MACs are always "
            "there. (default: all that can be had)"
        ),
    ] = None,
    networks: Annotated[
        int | None,
        typer.Option(
            min=10,
            max=1_000_000,
            help="At most so many networks a seed. (default: "
            f"{RANKED_OF_A_CSV} of a CSV, {RANKED_TRAINED} where they are trained)",
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=1,
            max=1000,
            help="Each draws other networks of the CSV, and initial weights and images of its own.",
        ),
    ] = RANKING_SEEDS,
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
    from hwnas.runs.ranking import ranking_files

    output = Output(as_json)
    opened = options.open_run(
        config,
        run,
        output,
        data=data,
        strict=strict,
        resolution=resolution,
        from_ofa=from_ofa,
        settings=settings,
    )
    ranking = opened.rank(
        truth, estimators=estimator or (), networks=networks, seeds=seeds, trainings=trainings
    )
    document, picture = ranking_files(opened.folder)
    _show(output, ranking)
    output.line(f"figures: {document}\npicture: {picture}")
    output.document(ranking.to_dict() | {"picture": str(picture)})


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
