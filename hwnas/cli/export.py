"""`hwnas export`: the winner of a run as files, measured again on the device."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError

if TYPE_CHECKING:
    from hwnas.runs.experiment import Experiment

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
    patience: Patience = 300,
    as_json: options.Json = False,
) -> None:
    """Train, export, check and measure the best network of a run's front.

    The front is tried from its most accurate network down until one really measures within the
    budgets, on the device and on every further one that a budget names and that can be reached; the
    space's reference network is trained and measured beside it.
    """
    from hwnas.cli.show import show_summary
    from hwnas.cli.stages import export_stage, read_images, reopen_run
    from hwnas.runs.keeping import keep_inputs, keep_of_earlier
    from hwnas.runs.searching import search_result
    from hwnas.runs.training import start_of_winners

    output = Output(as_json)
    start = time.monotonic()
    with reopen_run(run, data) as (stored, folder):
        experiment = _experiment(stored, from_scratch)
        folder.check_searched()
        latency = experiment.latency_model()
        result = search_result(experiment, latency, folder)
        keep_of_earlier(folder, experiment)
        read_images(experiment, output, folder)
        keep_inputs(folder, experiment)
        trained = start_of_winners(experiment, folder)
        if experiment is not stored:
            folder.adopt(experiment.config)
        summary = export_stage(
            experiment, folder, latency, trained, result, output, start, patience
        )
        show_summary(output, summary)
        output.document(summary)


def _experiment(stored: "Experiment", from_scratch: bool | None) -> "Experiment":
    from hwnas.estimators import ESTIMATORS
    from hwnas.runs.config import ExportConfig

    if from_scratch is None:
        return stored
    source = stored.config.accuracy.source
    if not from_scratch and ESTIMATORS[source].training is not None:
        raise ConfigError(
            f"--from-supernet: with accuracy.source: {source} there is no supernet; leave it out"
        )
    chosen = ExportConfig(weights_from="scratch" if from_scratch else "supernet")
    return replace(stored, config=stored.config.model_copy(update={"export": chosen}))
