"""`hwnas train`: the supernet of a run, or what else its estimator needs."""

from dataclasses import asdict
from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import before_search, show_next
from hwnas.cli.output import Output


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
def train(
    given: options.Given,
    estimator: Annotated[
        str | None,
        typer.Option(
            help="Train what this estimator needs: supernet, policy (the supernet, too), bn, "
            "blockwise, mixed or one of your own, as 'hwnas rank' compares them. (default: the "
            "config's accuracy.estimator, or the supernet)"
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Train what the search judges networks by: usually the weight-sharing supernet.

    'train.paths' of the config names the policy that draws the paths of its steps.
    Run it again to resume an interrupted training from its last checkpoint; the result is the same.
    To train on several GPUs: 'torchrun --nproc-per-node N -m hwnas train CONFIG'.
    """
    from hwnas.runs.folder import trained_text

    output = Output(as_json)
    opened = given.open(output)
    trained = opened.train(estimator)
    if not trained.first:
        return
    what = trained.weights.stem
    output.line(f"{trained_text(trained.weights)}: {trained.weights}")
    done = asdict(trained.report) if trained.report else {"steps": 0, "images": 0}
    balance = trained.balance.to_dict()
    output.document({what: str(trained.weights), **done, "balance": balance})
    show_next(output, before_search(opened, given))
