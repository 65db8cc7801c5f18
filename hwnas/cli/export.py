"""`hwnas export`: networks of a run as files, measured again on the device."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from hwnas.cli import options
from hwnas.cli.next_step import after_export, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError
from hwnas.runs.defaults import PATIENCE

if TYPE_CHECKING:
    from hwnas.runs.export_config import ImageInput, WeightsFrom

Picks = Annotated[
    list[str] | None,
    typer.Option(
        "--pick",
        metavar="WHAT",
        help="Which network: 'best' (the most accurate that keeps the budgets when measured), "
        "'knee', 'fastest', 'all' of the front, the beginning of an id of front.csv or of another "
        "judged network, or an architecture, as in '1 0 2'. May be repeated, or have commas. Each "
        "but the best gets a folder of its own, export/ID, whether it keeps the budgets or not. "
        "(default: best)",
    ),
]
Choose = Annotated[
    bool, typer.Option("--choose", help="Show the front as a list and ask which to export.")
]
FromScratch = Annotated[
    bool | None,
    typer.Option(
        "--from-scratch/--from-supernet",
        help="Train it from scratch, for the epochs of supernet and fine-tuning together, "
        "or fine-tune the supernet's weights. (default: the config's export.weights_from, usually "
        "auto: try both and let the validation images choose)",
        show_default=False,
    ),
]

ImageInputOption = Annotated[
    str | None,
    typer.Option(
        "--image-input",
        metavar="[float|uint8]",
        help="What the ONNX files take: 'float', normalised images (N, 3, R, R), or 'uint8', the "
        "bytes of images (N, R, R, 3), which they normalise themselves. (default: the config's "
        "export.input, usually float)",
        show_default=False,
    ),
]

Patience = Annotated[
    float,
    typer.Option(
        "--patience",
        min=0,
        help="For how many seconds to keep measuring a network while the machine is too busy to "
        "tell whether it is within the budget.",
    ),
]

Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help="Further files of every exported network, made, checked and measured side by side: "
        "onnx, ort (ONNX Runtime's own), pytorch, tensorrt (an engine), litert (.tflite). Several "
        "with commas between them; may be repeated. (default with --precision: onnx)",
        show_default=False,
    ),
]

Precisions = Annotated[
    list[str] | None,
    typer.Option(
        "--precision",
        help="The precisions of these files: fp32, fp16, int8. Several with commas between them; "
        "may be repeated. (default with --format: the device's)",
        show_default=False,
    ),
]

Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Train so many networks at a time, each in a process of its own: on this machine, or "
        "on the cluster of --ray. (default: one here; with --ray one on each CPU of the cluster)",
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="The Ray cluster that trains networks: 'auto' where this machine belongs to it, "
        "HOST:PORT or ray://HOST:PORT.",
    ),
]


def export(
    run: options.RunArgument,
    pick: Picks = None,
    choose: Choose = False,
    data: options.Data = None,
    from_scratch: FromScratch = None,
    image_input: ImageInputOption = None,
    formats: Formats = None,
    precisions: Precisions = None,
    patience: Patience = PATIENCE,
    workers: Workers = None,
    ray: RayAddress = None,
    as_json: options.Json = False,
) -> None:
    """Train, export, check and measure the best network that a run found, or those that you pick.

    Tries the front from its most accurate network down until one really is within the budgets when
    measured, on the device and on every further device of a budget that can be reached. The space's
    reference network is trained and measured beside it. No network replaces another: an earlier
    winner moves to export/ID. With --format and --precision networks are also made in other formats
    and precisions, which one table compares. With --workers or --ray, networks are trained side by
    side by Ray; they are checked and measured one after another all the same. Run it again to
    resume.
    """
    from hwnas.api.run import Run
    from hwnas.cli.choosing import ask_picks, check_terminal
    from hwnas.cli.show import show_summary

    output = Output(as_json)
    weights_from: WeightsFrom | None = None
    if from_scratch is not None:
        weights_from = "scratch" if from_scratch else "supernet"
    if choose:
        if pick is not None:
            raise ConfigError("--choose and --pick are both given; leave one of them out")
        check_terminal(output)
    opened = Run.of_folder(run, output, data=data)
    picks = ask_picks(output, opened) if choose else pick
    summary = opened.export(
        picks=picks,
        weights_from=weights_from,
        image_input=cast("ImageInput | None", image_input),  # checked there
        formats=formats or (),
        precisions=precisions or (),
        patience=patience,
        workers=workers,
        ray=ray,
    )
    show_summary(output, summary)
    show_next(output, after_export(run))
