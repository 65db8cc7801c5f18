"""`hwnas search`: the front of a run, by every searcher of its config."""

from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import after_search, show_next
from hwnas.cli.output import Output

Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Judge so many networks at a time, each in a process of its own: on this machine, or "
        "on the cluster of --ray. (default: one here; with --ray one on each CPU of the cluster)",
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="The Ray cluster that judges networks: 'auto' where this machine belongs to it, "
        "HOST:PORT or ray://HOST:PORT.",
    ),
]


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
    "budget",
    "device",
    "table",
    "settings",
)
def search(
    given: options.Given,
    workers: Workers = None,
    ray: RayAddress = None,
    as_json: options.Json = False,
) -> None:
    """Search for the most accurate networks within the budgets.

    Needs a latency table ('hwnas profile') and what accuracy.estimator names: a supernet ('hwnas
    train'), a CSV of accuracies, or a score that needs neither; 'trained' trains every network. Run
    it again to resume; a search with another budget starts from the networks judged before.

    With --workers or --ray, networks are judged side by side by Ray, with the same result. With
    search.mode 'asynchronous', which keeps every worker busy, the result depends on timing.
    """
    from hwnas.cli.show import show_contributions, show_front, show_predictor

    output = Output(as_json)
    opened = given.open(output)
    result = opened.search(workers=workers, ray=ray)
    folder = opened.folder
    show_predictor(output, result.score_info)
    points = show_front(output, result, opened.experiment.space)
    found = show_contributions(output, result)
    output.line(f"front: {folder.front_file}")
    output.document(
        {
            "front": points,
            "searchers": found,
            "accuracy": result.score_info.to_dict(),
            "how": dict(result.how),
            "evaluations": len(result.scores),
            **({} if result.candidates is None else {"candidates": result.candidates.to_dict()}),
            "budgets": {
                b.name: {"bound": b.bound, "unit": b.unit} for b in result.problem.every_limit
            },
            "front_csv": str(folder.front_file),
        }
    )
    show_next(output, after_search(opened))
