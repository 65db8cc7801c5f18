"""`hwnas train`: the supernet of a run, or what else its estimator needs."""

from dataclasses import asdict
from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.output import Output


def train(
    config: options.Config,
    estimator: Annotated[
        str | None,
        typer.Option(
            help="Train what this estimator needs, as 'hwnas rank' compares them: supernet, bn or "
            "blockwise. (default: the config's accuracy.estimator, or the supernet)"
        ),
    ] = None,
    run: options.Run = None,
    data: options.Data = None,
    strict: options.Strict = False,
    resolution: options.Resolution = None,
    from_ofa: options.FromOfa = None,
    settings: options.Settings = None,
    as_json: options.Json = False,
) -> None:
    """Train what accuracy.estimator of a config needs: mostly the weight-sharing supernet.

    Interrupted, it continues from its last checkpoint, with the same result as without. On several
    GPUs, 'torchrun --nproc-per-node N -m hwnas train CONFIG' has each do a part of every batch.
    With --from-ofa it starts from published weights instead of random ones.
    """
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
    trained = opened.train(estimator)
    if not trained.first:
        return
    what = trained.weights.stem
    output.line(f"trained {what}: {trained.weights}")
    done = asdict(trained.report) if trained.report else {"steps": 0, "images": 0}
    balance = trained.balance.to_dict()
    output.document({what: str(trained.weights), **done, "balance": balance})
