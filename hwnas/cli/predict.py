"""`hwnas predict`: what an exported network sees in images."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import after_predict, show_next
from hwnas.cli.output import Output
from hwnas.core.cpus import usable_cpus
from hwnas.core.errors import DataError
from hwnas.core.foreign_text import shown

if TYPE_CHECKING:
    from hwnas.export.predicting import Seen

# For so few, starting threads takes longer than they save.
_FEW = 4

Export = Annotated[
    Path,
    typer.Argument(
        help="The folder of an exported network, such as runs/quickstart/export/winner; a run "
        "folder, for its winner; or an ONNX file with its config.json beside it."
    ),
]
Images = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGE...",
        help="Image files, folders (with the folders in them), or - for standard input.",
    ),
]
Top = Annotated[int, typer.Option("--top", min=1, help="How many classes to show of each image.")]


def predict(export: Export, images: Images, top: Top = 3, as_json: options.Json = False) -> None:
    """Say what an exported network sees in images: classes and their probabilities.

    It needs the files of the export alone: model.onnx runs on this machine's processor by ONNX
    Runtime, and config.json says how images are prepared, to the bit as in training. An image that
    cannot be read is named and left out; the exit code is 2 then.
    """
    from hwnas.export.layout import STALE, find_model

    output = Output(as_json)
    model, files = find_model(export), _files(images)
    if (model.parent / STALE).is_file():
        output.warn(f"{model.parent} is of an earlier front of its run")
    # Here, not above: what is wrong so far is said at once.
    from hwnas.export.classifier import Classifier
    from hwnas.export.predicting import predictions

    threads = 1 if len(files) <= _FEW else usable_cpus()
    classifier = Classifier(model, threads=threads)
    rows, unreadable = [], False
    for seen in predictions(classifier, files, top, sys.stdin.buffer.read):
        rows.append(seen.to_dict())
        if not seen.problem:
            output.line(_line(seen))
            continue
        sentence = f"cannot read the image {shown(seen.image)} ({shown(seen.problem)})"
        if len(files) == 1:
            raise DataError(f"{sentence}; name another one")
        output.say(f"hwnas: {sentence}")
        unreadable = True
    output.document({"model": str(model), "images": rows})
    if unreadable:
        raise typer.Exit(2)
    if sys.stderr.isatty():  # programs that call it for every image are told nothing
        show_next(output, after_predict(export))


def _files(named: Sequence[str]) -> list[str]:
    """The files that were named, and the images in folders that were; each once.

    Raises:
        DataError: there is no such file or folder, or standard input is a terminal.
    """
    from hwnas.data.image_files import image_files
    from hwnas.export.predicting import STDIN

    if STDIN in named and sys.stdin.isatty():
        raise DataError(
            "- reads an image from standard input, which is a terminal; write 'hwnas predict "
            "EXPORT - < photo.jpg'"
        )
    every = [[one] if one == STDIN else image_files(one) for one in named]
    return list(dict.fromkeys(file for files in every for file in files))


def _line(seen: "Seen") -> str:
    classes = [f"{shown(name)} {100 * share:.1f} %" for name, share in seen.classes]
    return f"{shown(seen.image)}: {', '.join(classes)}"
