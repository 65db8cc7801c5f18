"""`hwnas devices bundle`: the program for targets without Python, and all that it needs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hwnas.cli import options
from hwnas.cli.next_step import Step, show_next
from hwnas.cli.output import Output


def make_bundle(
    arch: Annotated[
        str,
        typer.Option(help="The target's processor, as 'uname -m' says there: aarch64 or x86_64."),
    ],
    folder: Annotated[
        Path | None, typer.Option(help="A folder for a copy, to carry to another machine.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make what a device with 'agent: native' runs; once for an architecture, in a minute.

    Needs apt-get, the network, and the compiler ziglang from PyPI.
    """
    from hwnas.core.errors import DeviceError
    from hwnas.devices.bundle import find_bundle
    from hwnas.devices.bundle_build import build_bundle, copy_bundle

    output = Output(as_json)
    try:
        made = find_bundle(arch) is None
    except DeviceError:  # a damaged one
        made = True
    if made:
        with output.progress(f"making a bundle for {arch}") as update:
            found = build_bundle(arch, update)
    else:
        found = build_bundle(arch)
    if folder is not None:
        found = copy_bundle(found, folder)
    document: dict[str, Any] = {
        "arch": found.manifest.arch,
        "folder": str(found.folder),
        "hash": found.hash,
        "bytes": found.size,
        "onnxruntime": found.manifest.onnxruntime,
        "packages": found.manifest.packages,
        "made": made,
    }
    output.table(
        f"bundle for {arch}",
        ["", "value"],
        [
            ["folder", document["folder"]],
            ["hash", found.hash],
            ["size", f"{found.size / 1e6:.1f} MB"],
            ["onnxruntime", found.manifest.onnxruntime],
            *([name, version] for name, version in found.manifest.packages.items()),
        ],
    )
    output.document(document)
    words = f"hwnas devices add NAME --transport ssh --agent native --arch {found.manifest.arch}"
    show_next(output, Step(words, "a device that it measures on"))
