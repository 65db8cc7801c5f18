"""Which folders are classes and which files are images, and what is wrong when none are."""

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
        classes = {folder.name: _entries(folder) for folder in folders}
    except OSError as error:
        raise DataError(f"cannot list {error.filename}: {error.strerror}") from error
    _check_nesting(root, classes)
    _check_classes(root, {name: len(images) for name, (_, images) in classes.items()}, len(loose))
    return {
        name: [image.relative_to(root).as_posix() for image in images]
        for name, (_, images) in classes.items()
    }


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Sub-folders and images of a folder, sorted, without hidden ones."""
    seen = sorted(p for p in folder.iterdir() if p.name[0] != "." and p.name != _IGNORED)
    folders = [path for path in seen if path.is_dir()]
    return folders, [p for p in seen if p.suffix.lower() in SUFFIXES and not p.is_dir()]


def _check_nesting(root: Path, classes: dict[str, tuple[list[Path], list[Path]]]) -> None:
    if classes and all(folders and not images for folders, images in classes.values()):
        best = next((name for name in classes if name.lower() == "train"), next(iter(classes)))
        raise DataError(
            f"{root} holds folders of folders ({', '.join(list(classes)[:3])}); give the one whose "
            f"folders are the classes: --data {root / best}"
        )
    for name, (folders, _) in classes.items():
        if folders:
            raise DataError(
                f"the class folder {root / name} holds the folder '{folders[0].name}'; "
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
