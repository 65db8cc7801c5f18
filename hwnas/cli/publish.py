"""`hwnas publish`: an exported network on Hugging Face."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import after_dry_run, show_next
from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.export.publication import Publication


def publish(
    export: Annotated[
        Path,
        typer.Argument(
            metavar="EXPORT",
            help="A folder of an exported network, as in runs/quickstart/export/winner, or a run, "
            "whose winner is meant.",
        ),
    ],
    to: Annotated[
        str, typer.Option("--to", help="The repository on Hugging Face, as in 'hf:USER/NAME'.")
    ],
    license_id: Annotated[
        str | None,
        typer.Option(
            "--license",
            help="What the model card names, as in 'apache-2.0'. (default: the config's "
            "export.license)",
        ),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Make the repository private, where it is new.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Upload; without it, only show what would be uploaded.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Show what an exported network would bring to Hugging Face, and upload it with --yes.

    The card, README.md, may be edited before. Uploading needs "pip install 'hwnas[hf]'" and the
    login of 'hf auth login'.
    """
    from hwnas.export.layout import STALE
    from hwnas.export.publication import prepare, upload

    output = Output(as_json)
    publication = prepare(export, to, license_id)
    if (publication.folder / STALE).is_file():
        output.warn(f"{publication.folder} is of an earlier front of its run")
    address = upload(publication, private=private) if yes else None
    _show(output, publication, address)
    output.document(
        {
            "repository": publication.repository,
            "url": address,
            "files": [{"name": name, "bytes": size} for name, size in publication.files],
            "license": publication.license_id,
            "card": publication.card,
        }
    )
    if not yes:
        show_next(output, after_dry_run(export, to, license_id, private=private))


def _show(output: Output, publication: "Publication", address: str | None) -> None:
    from hwnas.export.card import CARD, UNKNOWN

    whole = sum(size for _, size in publication.files)
    if address is not None:
        output.line(f"published: {address} ({len(publication.files)} files, {whole / 1e6:.1f} MB)")
        return
    for name, size in publication.files:
        output.line(f"{size:>12,}  {name}")
    output.line(f"\n{CARD}:\n\n{publication.card}")
    if publication.license_id == UNKNOWN:
        output.line("no licence is named; choose one with --license, as in --license apache-2.0")
    output.line(
        f"nothing was uploaded: --yes uploads these {len(publication.files)} files "
        f"({whole / 1e6:.1f} MB) to {publication.repository} on Hugging Face"
    )
