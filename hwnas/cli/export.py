"""`hwnas export`: the winner of a run as files, measured again on the device."""

from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.output import Output
from hwnas.runs.defaults import PATIENCE

if TYPE_CHECKING:
    from hwnas.runs.config import WeightsFrom

FromScratch = Annotated[
    bool | None,
    typer.Option(
        "--from-scratch/--from-supernet",
        help="Train the winner from scratch, for the epochs of supernet and fine-tuning together, "
        "or fine-tune the supernet's weights. (default: the config's export.weights_from, which "
        "is auto: both, and the validation images choose)",
        show_default=False,
    ),
]

Patience = Annotated[
    float,
    typer.Option(
        "--patience",
        min=0,
        help="For how many seconds a network is measured again, while the machine is too busy to "
        "tell whether it keeps the budget.",
    ),
]


def export(
    run: options.RunArgument,
    data: options.Data = None,
    from_scratch: FromScratch = None,
    patience: Patience = PATIENCE,
    as_json: options.Json = False,
) -> None:
    """Train, export, check and measure the best network of a run's front.

    The front is tried from its most accurate network down until one really measures within the
    budgets, on the device and on every further one that a budget names and that can be reached; the
    space's reference network is trained and measured beside it.
    """
    from hwnas.api.run import Run
    from hwnas.cli.show import show_summary

    output = Output(as_json)
    weights_from: WeightsFrom | None = None
    if from_scratch is not None:
        weights_from = "scratch" if from_scratch else "supernet"
    summary = Run.of_folder(run, output, data=data).export(
        weights_from=weights_from, patience=patience
    )
    show_summary(output, summary)
