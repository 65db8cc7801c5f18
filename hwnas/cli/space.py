"""`hwnas space`: search spaces, and how their choices are numbered."""

from dataclasses import asdict
from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.output import Output

app = typer.Typer(help="Search spaces.", no_args_is_help=True)


@app.command("show")
def show_space(
    space: Annotated[
        str, typer.Argument(help="A space: a name under configs/spaces, or a YAML file.")
    ],
    resolution: options.Resolution = None,
    width: Annotated[
        float | None, typer.Option("--width", min=0.1, max=10, help="Multiplies the channels.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show a space's slots and how their choices are numbered.

    The numbers are those of the column architecture: of front.csv, of accuracies, of timings.

    For example: hwnas space show nas_bench_macro
    """
    from hwnas.spaces import load_space
    from hwnas.spaces.numbering import ORDER, numbered_slots

    output = Output(as_json)
    loaded = load_space(space, resolution=resolution, width=width)
    slots = numbered_slots(loaded)
    output.table(
        f"{loaded.name} at {loaded.resolution} px: {loaded.size:,} networks of "
        f"{len(loaded.blocks())} distinct blocks, {len(loaded.slots)} slots",
        ["slots", "stage", "blocks", "choices"],
        [
            [
                str(one.first) if one.first == one.last else f"{one.first}–{one.last}",
                str(one.stage),
                one.shape,
                ", ".join(_unbroken(*choice) for choice in enumerate(one.choices)),
            ]
            for one in slots
        ],
    )
    output.line(ORDER)
    output.line(
        "k: kernel, e: expansion, se: squeeze-excite; 16→24 @112 s2: channels, input in pixels, "
        "stride"
    )
    output.document(
        {
            "space": loaded.name,
            "resolution": loaded.resolution,
            "classes": loaded.classes,
            "networks": loaded.size,
            "distinct_blocks": len(loaded.blocks()),
            "order": ORDER,
            "slots": [asdict(one) for one in slots],
        }
    )


def _unbroken(number: int, text: str) -> str:
    """A choice that is not divided between two lines."""
    return f"{number}: {text}".replace(" ", "\u00a0")
