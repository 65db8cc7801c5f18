"""`hwnas space`: search spaces, and how their choices are numbered."""

from contextlib import suppress
from dataclasses import asdict
from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import Step, command_line, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

app = typer.Typer(help="Show search spaces.", no_args_is_help=True)


@app.command("show")
def show_space(
    space: Annotated[
        str, typer.Argument(help="A space: a name under configs/spaces, or a YAML file.")
    ],
    resolution: options.Resolution = None,
    width: options.Width = None,
    as_json: options.Json = False,
) -> None:
    """Show a space's slots and the numbers of their choices.

    Of several resolutions or widths, the first slot chooses among them.

    The column architecture of front.csv, and of CSVs of accuracies and timings, has these numbers.

    For example: hwnas space show nas_bench_macro
    """
    from hwnas.spaces import load_space
    from hwnas.spaces.numbering import ORDER, numbered_members, numbered_slots

    output = Output(as_json)
    refuse_search_config(space)
    loaded = load_space(space, resolution=resolution, width=width)
    members, slots = numbered_members(loaded), numbered_slots(loaded)
    if members:
        output.table(
            f"slot 1 of {loaded.name}: resolution and width",
            ["choice", "resolution", "width", "networks"],
            [
                [str(choice), f"{one.resolution} px", f"{one.width:g}", f"{one.size:,}"]
                for choice, one in enumerate(loaded.members)
            ],
        )
    at = "" if len(loaded.resolutions) > 1 else f" at {loaded.largest_resolution} px"
    output.table(
        f"{loaded.name}{at}: {loaded.size:,} networks of "
        f"{len(loaded.blocks())} distinct blocks, {len(loaded.choice_counts)} slots",
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
        "k: kernel, a: that before the expansion, e: expansion, se: squeeze-excite, same: padded "
        "as in TensorFlow; 16→24 @112 s2: channels, input in pixels, stride"
    )
    output.document(
        {
            "space": loaded.name,
            "resolution": loaded.largest_resolution,
            **({"members": members} if members else {}),
            "classes": loaded.classes,
            "networks": loaded.size,
            "distinct_blocks": len(loaded.blocks()),
            "order": ORDER,
            "slots": [asdict(one) for one in slots],
        }
    )
    words = command_line("hwnas profile", space=space)
    show_next(output, Step(words, "measures every block of it on this machine"))


def refuse_search_config(name: str) -> None:
    """Says what to name instead of a search config, which has a space and is none.

    Raises:
        ConfigError: the file is one.
    """
    from hwnas.core.configs import find_config
    from hwnas.core.yaml_text import parse_yaml

    path = find_config("spaces", name)
    with suppress(OSError, UnicodeDecodeError):  # the reader of spaces says what is wrong then
        content = parse_yaml(path.read_text(encoding="utf-8-sig"), str(path))
        if isinstance(content, dict) and {"space", "search"} <= content.keys():
            raise ConfigError(
                f"{shown(path)} is a search config; show its space: hwnas space show "
                f"{shown(content['space'])}"
            )


def _unbroken(number: int, text: str) -> str:
    """A choice that is not divided between two lines."""
    return f"{number}: {text}".replace(" ", "\u00a0")
