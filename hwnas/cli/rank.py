"""`hwnas rank`: how well estimators rank networks whose accuracy is known."""

from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import after_rank, show_next
from hwnas.cli.output import Output
from hwnas.runs.defaults import RANKED_OF_A_CSV, RANKED_TRAINED, RANKING_SEEDS, TRAINED

if TYPE_CHECKING:
    from hwnas.runs.ranking import Ranking


@options.shared(
    "config",
    "run",
    "data",
    "strict",
    "resolution",
    "from_ofa",
    "pretrained",
    "pretrained_network",
    "from_supernet",
    "settings",
)
def rank(
    given: options.Given,
    truth: Annotated[
        str,
        typer.Option(
            help="A CSV of known accuracies (columns architecture and accuracy, a row for each "
            f"training), or '{TRAINED}' to train networks, from random weights or those of "
            "the run's pretrained network.",
        ),
    ],
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            help="An estimator, by its name in accuracy.estimator. May be repeated; MACs are "
            "always shown. (default: all that are available, but for 'trained')"
        ),
    ] = None,
    networks: Annotated[
        int | None,
        typer.Option(
            min=10,
            max=1_000_000,
            help="How many networks to rank for each seed, at most. (default: "
            f"{RANKED_OF_A_CSV} of a CSV, {RANKED_TRAINED} that are trained)",
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=1,
            max=1000,
            help="How many seeds; each draws other networks, initial weights and images.",
        ),
    ] = RANKING_SEEDS,
    trainings: Annotated[
        int,
        typer.Option(
            min=1,
            max=100,
            help=f"With --truth {TRAINED}: how often each network is trained; with two, the noise "
            "ceiling is known.",
        ),
    ] = 1,
    as_json: options.Json = False,
) -> None:
    """Compare estimators: how well each ranks networks whose accuracy is known.

    MACs alone and the noise ceiling are shown beside them. Writes ranking.json and ranking.svg into
    the run folder. Run it again to resume.
    """
    from hwnas.runs.ranking import ranking_files

    output = Output(as_json)
    opened = given.open(output)
    ranking = opened.rank(
        truth, estimators=estimator or (), networks=networks, seeds=seeds, trainings=trainings
    )
    document, picture = ranking_files(opened.folder)
    _show(output, ranking)
    output.line(f"figures: {document}\npicture: {picture}")
    output.document(ranking.to_dict() | {"picture": str(picture)})
    show_next(output, after_rank(given))


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
