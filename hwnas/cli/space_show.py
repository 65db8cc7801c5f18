"""`hwnas space show`: what a search space is made of, and how its choices are numbered."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import completion, options
from hwnas.cli.new_files import check_new_file
from hwnas.cli.next_step import Step, command_line, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

if TYPE_CHECKING:
    from hwnas.spaces import Space


def show_space(
    space: Annotated[
        str,
        typer.Argument(
            help="A space: a name under configs/spaces, or a YAML file.",
            autocompletion=completion.spaces,
        ),
    ],
    resolution: options.Resolution = None,
    width: options.Width = None,
    choices: options.Choices = None,
    expansion_step: options.ExpansionStep = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Write a picture of the space to this file.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write a page with the picture and all slots to this file."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show a space: its size, what its networks cost, its slots and the numbers of their choices.

    Of several resolutions or widths, the first slot chooses among them.

    The column architecture of front.csv, and of CSVs of accuracies and timings, has these numbers.
    With --choices, the slots have what is left alone; the numbers stay.

    For example: hwnas space show nas_bench_macro --svg macro.svg
    """
    from hwnas.spaces import load_space

    output = Output(as_json)
    refuse_search_config(space)
    for file, name in ((svg, "svg"), (html, "html")):
        if file is not None:
            check_new_file(f"--{name}", file, [f".{name}"], force=force)
    loaded = load_space(
        space,
        resolution=resolution,
        width=width,
        choices=choices,
        expansion_step=expansion_step,
    )
    _show(output, loaded, _write(loaded, svg, html))
    if width is None:  # 'hwnas profile' takes widths of a config alone
        listed = resolution if isinstance(resolution, list) else [resolution]
        pixels = None if resolution is None else ",".join(map(str, listed))
        words = command_line(
            "hwnas profile",
            space=space,
            choices=choices,
            resolution=pixels,
            **{"expansion-step": expansion_step},
        )
        show_next(output, Step(words, "measures every block of it on this machine"))


def _show(output: Output, loaded: "Space", files: dict[str, str]) -> None:
    """What is seen on the terminal, and the document."""
    from hwnas.report.space_figures import SpaceFigures
    from hwnas.spaces.numbering import (
        ORDER,
        SHORT_WORDS,
        SLOTS_HEADER,
        numbered_members,
        numbered_slots,
        slot_rows,
    )

    figures = SpaceFigures.of(loaded)
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
        f"{loaded.name}{at}: {figures.networks:,} networks of "
        f"{figures.blocks} distinct blocks, {len(loaded.choice_counts)} slots",
        SLOTS_HEADER,
        slot_rows(slots),
    )
    for sentence in (*figures.sentences, ORDER, SHORT_WORDS):
        output.line(sentence)
    for file in files.values():
        output.line(f"wrote {file}")
    output.document(
        {
            "space": loaded.name,
            "resolution": loaded.largest_resolution,
            **({"members": members} if members else {}),
            "classes": loaded.classes,
            **figures.to_dict(),
            "order": ORDER,
            "slots": [asdict(one) for one in slots],
            **files,
        }
    )


def _write(loaded: "Space", svg: Path | None, html: Path | None) -> dict[str, str]:
    """Writes the files that are asked for; their names by what they are."""
    if svg is None and html is None:
        return {}  # matplotlib takes a second to load
    from hwnas.core.files import write_atomically
    from hwnas.report.space_page import space_page
    from hwnas.report.space_picture import space_svg

    makers: dict[str, tuple[Path | None, Callable[[Space], str]]] = {
        "svg": (svg, space_svg),
        "html": (html, space_page),
    }
    found = {}
    for name, (file, make) in makers.items():
        if file is not None:
            write_atomically(file, make(loaded), error=ConfigError)
            found[name] = str(file)
    return found


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
