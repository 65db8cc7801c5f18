"""load_dataset: images by the name of a dataset or the path of a folder."""

from dataclasses import replace
from pathlib import Path

from hwnas.core.errors import DataError
from hwnas.core.progress import Progress
from hwnas.data.dataset import ImageDataset
from hwnas.data.entry_points import DATASETS, Dataset, load_named, named_classes

DIGITS = "digits"
"""The built-in dataset."""


def load_dataset(
    source: str | Dataset,
    *,
    resolution: int,
    strict: bool = False,
    limit: int | None = None,
    progress: Progress | None = None,
) -> ImageDataset:
    """The images of a source at a resolution, in three splits (70/15/15 where hwnas splits them).

    Args:
        source: the name of a dataset ("digits", or one of an installed package, see
            `hwnas.data.entry_points`), the path of a folder with one folder of images for each
            class (`./digits` for a folder of that name), or a dataset of your own.
        resolution: height and width of the images, in pixels.
        strict: refuse unreadable images instead of leaving them out.
        limit: take at most this many images, each class in proportion to its size and never fewer
            than 3. The choice depends on file names alone, so it is the same every time, and an
            image is in the same split as without a limit.
        progress: called with the images decoded and all; never where none has to be.

    Raises:
        DataError: a source that cannot be used, an unreadable image when `strict`, or a limit
            below 3 images a class.
    """
    if not isinstance(source, str):
        return load_named(source, resolution=resolution, strict=strict, limit=limit)
    if is_name(source):
        dataset = load_named(source, resolution=resolution, strict=strict, limit=limit)
        if source == DIGITS or not Path(source).is_dir():
            return dataset
        note = f"'{source}' is the dataset of that name; ./{source} would be the folder"
        return replace(dataset, notes=(*dataset.notes, note))
    from hwnas.data.image_folder import load_image_folder  # Pillow is slow to import

    _check_there(source)
    return load_image_folder(source, resolution, strict=strict, limit=limit, progress=progress)


def class_names(source: str | Dataset) -> tuple[str, ...]:
    """The classes of a source, without reading the images of a folder.

    Raises:
        DataError: a source that cannot be used.
    """
    if not isinstance(source, str) or is_name(source):
        return named_classes(source)
    from hwnas.data.folder_layout import find_classes

    _check_there(source)
    return tuple(find_classes(Path(source)))


def is_name(source: str) -> bool:
    """Whether a source is the name of a dataset; otherwise it is a folder.

    A path of more than one part is a folder, and so is `./name`; a single word is a dataset where
    there is one of that name.
    """
    return _is_word(source) and source in DATASETS


def decoder_name() -> str:
    """What decodes and resizes images: other versions may give other pixels."""
    from importlib.metadata import version  # slow to import, as Pillow is

    return f"Pillow {version('pillow')}"


def one_spelling(source: str) -> str:
    """A source as configs hold it: `photos`, `photos/` and `./photos` are one folder.

    `./` stays where the word without it is a dataset.
    """
    if _is_word(source):
        return source
    plain = str(Path(source))
    return f"./{plain}" if is_name(plain) else plain


def _is_word(source: str) -> bool:
    return source not in ("", ".", "..") and "/" not in source


def _check_there(source: str) -> None:
    if _is_word(source) and not Path(source).exists():
        raise DataError(
            f"there is no folder {source} and no dataset of that name (datasets: "
            f"{', '.join(DATASETS.names())}); give a folder that holds a folder for each class"
        )
