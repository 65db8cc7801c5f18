"""The image files that a person names: files, and folders with all that is in them."""

import os
from collections.abc import Iterator
from pathlib import Path

from hwnas.core.errors import DataError
from hwnas.core.foreign_text import shown
from hwnas.data.file_types import is_image


def image_files(named: str) -> list[str]:
    """A file as it is, or the images in a folder and the folders in it, sorted; hidden ones not.

    Raises:
        DataError: there is no such file or folder, it cannot be listed, or it holds no images.
    """
    if not Path(named).is_dir():
        if not Path(named).exists():
            raise DataError(f"there is no file or folder {shown(named)}; name an image")
        return [named]
    try:
        found = sorted(_within(named, frozenset()))
    except OSError as error:
        raise DataError(f"cannot list {shown(error.filename)}: {error.strerror}") from error
    if not found:
        raise DataError(
            f"the folder {shown(named)} holds no images (.jpg, .png, .webp, .tif and others)"
        )
    return found


def _within(folder: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    status = Path(folder).stat()
    place = (status.st_dev, status.st_ino)
    if place in above:  # a link to a folder that holds it
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _within(entry.path, above | {place})
            elif entry.is_file() and is_image(entry.path):
                yield entry.path
