"""`hwnas space generate`: new search spaces, drawn like the skeletons of published networks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.new_files import check_new_file
from hwnas.cli.next_step import Step, command_line, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError

if TYPE_CHECKING:
    from hwnas.spaces.generated import Generated

_YAML = (".yaml", ".yml")


def generate(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "--out", help="The file to write; of several spaces, a number follows."
        ),
    ] = Path("generated.yaml"),
    reference: Annotated[
        list[str] | None,
        typer.Option(
            "--reference",
            help="A published network to learn from, such as mobilenet_v2. May be repeated. "
            "(default: MobileNetV2, MobileNetV3 small and large, EfficientNet-Lite0 to 2)",
        ),
    ] = None,
    count: Annotated[
        int, typer.Option("--count", min=1, max=1000, help="How many spaces, a file each.")
    ] = 1,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Of the draws: the same seed, the same spaces.")
    ] = 0,
    resolution: Annotated[
        int,
        typer.Option(
            "--resolution",
            min=8,
            max=1024,
            help="Height and width of the images in pixels; small images get fewer strides.",
        ),
    ] = 224,
    classes: Annotated[
        int | None,
        typer.Option(
            "--classes",
            min=2,
            max=100_000,
            help="Number of classes; a run takes that of its images. (default: 1000)",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    as_json: options.Json = False,
) -> None:
    """Draw a search space: channels, strides and depths as in published networks, mixed anew.

    A Markov chain learns from the networks which block follows which (LCMNAS, arXiv 2203.05508).
    What it draws becomes a space file, which every command takes by its path.

    For example: hwnas space generate --resolution 96 --seed 1 --output mine_space.yaml
    """
    from hwnas.core.files import write_atomically
    from hwnas.spaces.generated import CLASSES, USUAL, generate_spaces

    shown = Output(as_json)
    files = [output]
    if count > 1:
        files = [output.with_stem(f"{output.stem}_{number}") for number in range(1, count + 1)]
    for file in files:  # what is there is looked at when it is known what would replace it
        check_new_file("--output", file, _YAML, force=True)
    found = generate_spaces(
        reference or USUAL,
        name=output.stem,
        resolution=resolution,
        classes=CLASSES if classes is None else classes,
        seed=seed,
        count=count,
    )
    for file, one in zip(files, found, strict=True):
        if not _holds(file, one.text):  # as after a kill between two of them
            check_new_file("--output", file, _YAML, force=force)
    for file, one in zip(files, found, strict=True):
        write_atomically(file, one.text, error=ConfigError)
    _show(shown, files, found)
    words = command_line("hwnas space show", files[0])
    show_next(shown, Step(words, "its slots, and what its networks cost"))


def _holds(file: Path, text: str) -> bool:
    """Whether a file is there and says just that."""
    try:
        return file.read_bytes() == text.encode()
    except OSError:
        return False


def _show(output: Output, files: list[Path], found: "list[Generated]") -> None:
    from hwnas.report.space_figures import SpaceFigures, short
    from hwnas.spaces.space import size_text

    figures = [SpaceFigures.of(one.space) for one in found]
    output.table(
        f"drawn from {', '.join(found[0].networks)}",
        ["file", "stages", "slots", "networks", "MACs", "parameters", "reference"],
        [
            [
                str(file),
                str(len(one.content["stages"])),
                str(len(one.space.slots)),
                size_text(own.networks),
                " to ".join(map(short, own.macs)),
                " to ".join(map(short, own.parameters)),
                str(one.space.reference),
            ]
            for file, one, own in zip(files, found, figures, strict=True)
        ],
    )
    output.document(
        {
            "learnt_from": list(found[0].networks),
            "seed": found[0].seed,
            "spaces": [
                {
                    "file": str(file),
                    "space": one.name,
                    "draws": one.draws,
                    "reference": one.space.reference,
                    **own.to_dict(),
                }
                for file, one, own in zip(files, found, figures, strict=True)
            ],
        }
    )
