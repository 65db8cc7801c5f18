"""Which folders are classes and which files are images, and what is wrong when none are."""

import os
from pathlib import Path

from devices.errors import DataError
from hwnas.data.splitting import LEAST_IN_CLASS

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif"})
_IGNORED = "__MACOSX"  # what the Mac's zip program adds


def find_classes(root: Path) -> dict[str, list[str]]:
    """The images of each class, as sorted paths relative to the folder, classes sorted.

    Raises:
        DataError: not a folder of at least two class folders with at least three images each.
    """
    if not root.exists():
        raise DataError(f"there is no folder {root}; give one that holds a folder for each class")
    if not root.is_dir():
        raise DataError(f"{root} is a file; give the folder that holds a folder for each class")
    try:
        folders, loose = _entries(root)
        classes = {name: _entries(root / name) for name in folders}
    except OSError as error:
        raise DataError(f"cannot list {error.filename}: {error.strerror}") from error
    _check_nesting(root, classes)
    _check_classes(root, {name: len(images) for name, (_, images) in classes.items()}, len(loose))
    return {name: [f"{name}/{image}" for image in images] for name, (_, images) in classes.items()}


def _entries(folder: Path) -> tuple[list[str], list[str]]:
    """The names of sub-folders and of images of a folder, sorted, without hidden ones."""
    folders, images = [], []
    with os.scandir(folder) as entries:  # which tells folders from files without asking for each
        for entry in entries:
            if entry.name[0] == "." or entry.name == _IGNORED:
                continue
            if entry.is_dir():
                folders.append(entry.name)
            elif entry.name.lower().endswith(tuple(SUFFIXES)):
                images.append(entry.name)
    return sorted(folders), sorted(images)


def _check_nesting(root: Path, classes: dict[str, tuple[list[str], list[str]]]) -> None:
    if classes and all(folders and not images for folders, images in classes.values()):
        best = next((name for name in classes if name.lower() == "train"), next(iter(classes)))
        raise DataError(
            f"{root} holds folders of folders ({', '.join(list(classes)[:3])}); give the one whose "
            f"folders are the classes: --data {root / best}"
        )
    for name, (folders, _) in classes.items():
        if folders:
            raise DataError(
                f"the class folder {root / name} holds the folder '{folders[0]}'; "
                f"move its images up into {root / name}, or remove it"
            )


def _check_classes(root: Path, counts: dict[str, int], loose: int) -> None:
    if not counts:
        found = f"{loose} images but no folders" if loose else "no folders with images"
        raise DataError(f"{root} holds {found}; give each class a folder of images")
    for name, count in counts.items():
        if not name.isprintable():
            raise DataError(f"the class folder {name!r} in {root} has a name that is no text")
        if not count:
            raise DataError(
                f"the class folder {root / name} holds no images "
                f"({', '.join(sorted(SUFFIXES))}); add some or remove it"
            )
    if len(counts) == 1:
        raise DataError(f"{root} holds the one class '{next(iter(counts))}'; at least 2 are needed")
    for name, count in counts.items():
        if count < LEAST_IN_CLASS:
            raise DataError(
                f"the class '{name}' in {root} has {count} images; each class needs at least "
                f"{LEAST_IN_CLASS}, one each for training, validation and test"
            )
