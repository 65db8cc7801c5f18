"""Which folders are classes and which files are images, and what is wrong when none are."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hwnas.core.errors import DataError
from hwnas.core.foreign_text import shown
from hwnas.data.file_types import is_image
from hwnas.data.splitting import LEAST_IN_CLASS, PARTS, least_in_class

# Made by programs and file systems in every folder, and by no person.
_IGNORED = frozenset(
    {
        "__MACOSX",
        "@eaDir",
        "@Recycle",
        "@Recently-Snapshot",
        "#recycle",
        "#snapshot",
        "lost+found",
        "$RECYCLE.BIN",
        "System Volume Information",
        "Thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "__pycache__",
        "_logs",
        "aquota.user",
        "aquota.group",
    }
)
# How people call the parts of a dataset that is split already.
_PART_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
# So many suffixes of files that are left out are named.
_NAMED = 4


@dataclass(frozen=True)
class Layout:
    """The images of a folder, as paths relative to it.

    Attributes:
        classes: the names of the classes, sorted.
        parts: the sorted images by class, of each part that the folder itself names ("train" and
            "validation" or "test" or both); under "" where it names none.
        left_out: sentences on what is neither an image nor a class, which a strict reading refuses.
        notes: further sentences for the person who reads them.
    """

    classes: tuple[str, ...]
    parts: Mapping[str, Mapping[str, Sequence[str]]]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Found:
    """What is in one folder, by names."""

    folders: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    special: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)


def find_classes(root: Path) -> tuple[str, ...]:
    """The names of the classes, sorted.

    Raises:
        DataError: see `find_layout`.
    """
    return find_layout(root).classes


def find_layout(root: Path) -> Layout:
    """The classes and the images of a folder; no image is decoded.

    Raises:
        DataError: not a folder of at least two class folders with at least three images each, nor
            one of such folders for training, validation and test.
    """
    if not root.exists():
        raise DataError(f"there is no folder {root}; give one that holds a folder for each class")
    if not root.is_dir():
        raise DataError(f"{root} is a file; give the folder that holds a folder for each class")
    try:
        top = _scan(root)
        inside = {name: _scan(root / name) for name in top.folders}
        parts = _parts(inside)
        if parts is None:
            _check_nesting(root, inside)
            return _plain(root, top, inside)
        return _split(root, inside, parts)
    except OSError as error:
        raise DataError(f"cannot list {error.filename}: {error.strerror}") from error


def _plain(root: Path, top: _Found, inside: Mapping[str, _Found]) -> Layout:
    counts = {name: len(found.images) for name, found in inside.items()}
    _check_classes(root, counts, len(top.images))
    classes = {name: [f"{name}/{image}" for image in f.images] for name, f in inside.items()}
    return Layout(tuple(classes), {"": classes}, *_sentences({"": top, **inside}))


def _parts(inside: Mapping[str, _Found]) -> dict[str, str] | None:
    """The folders of a dataset that is split already, by the part; None for any other folder.

    A class may be called "train": its folder holds images, and no folders.
    """
    found: dict[str, str] = {}
    for name, content in inside.items():
        part = _PART_NAMES.get(name.lower())
        if part is not None and content.folders and not content.images:
            if part in found:  # train/ and training/: which one?
                return None
            found[part] = name
    return found if "train" in found and len(found) > 1 else None


def _split(root: Path, inside: Mapping[str, _Found], folders: Mapping[str, str]) -> Layout:
    classes = sorted(inside[folders["train"]].folders)
    parts: dict[str, dict[str, list[str]]] = {}
    scanned: dict[str, _Found] = {}
    for part, folder in sorted(folders.items(), key=lambda one: PARTS.index(one[0])):
        _check_same(root, folders["train"], classes, folder, inside[folder].folders)
        within = {name: _scan(root / folder / name) for name in classes}
        _check_nesting(root / folder, within, split=True)
        counts = {name: len(found.images) for name, found in within.items()}
        _check_classes(root / folder, counts, 0, least_in_class(part, len(folders)))
        parts[part] = {
            name: [f"{folder}/{name}/{image}" for image in found.images]
            for name, found in within.items()
        }
        scanned |= {folder: inside[folder]}
        scanned |= {f"{folder}/{name}": found for name, found in within.items()}
    missing = [part for part in PARTS if part not in parts]
    notes = [f"split by its own folders: {', '.join(folders[part] for part in parts)}"]
    notes += [f"there is no folder for {p}: 15 % of {folders['train']} are taken" for p in missing]
    others = sorted(set(inside) - set(folders.values()))
    if others:
        notes.append(f"not read: {', '.join(map(shown, others[:3]))} beside those folders")
    left_out, more = _sentences(scanned)
    return Layout(tuple(classes), parts, left_out, (*notes, *more))


def _check_same(
    root: Path, train: str, classes: Sequence[str], folder: str, found: Sequence[str]
) -> None:
    for name in sorted(set(found) ^ set(classes)):
        has, lacks = (train, folder) if name in classes else (folder, train)
        raise DataError(
            f"{root / has} holds the class '{shown(name)}' and {lacks} does not; give both the "
            f"same classes, or name the images for training alone: --data {root / train}"
        )


def _scan(folder: Path) -> _Found:
    """What a folder holds, sorted, without what is hidden or made by programs."""
    found = _Found()
    with os.scandir(folder) as entries:  # which knows folders from files without a call for each
        for entry in entries:
            if entry.name[0] == "." or entry.name in _IGNORED:
                continue
            try:
                if entry.is_dir():
                    found.folders.append(entry.name)
                    continue
                regular = entry.is_file()
            except OSError:  # links in a circle
                regular = False
            broken = not regular and entry.is_symlink() and not Path(entry.path).exists()
            if regular or broken:
                if is_image(entry.path, named_only=broken):
                    found.images.append(entry.name)  # a broken link is found to be unreadable
                elif broken:
                    found.broken.append(entry.name)
                else:
                    found.others[Path(entry.name).suffix.lower() or "without a suffix"] += 1
            else:
                found.special.append(entry.name)
    for names in (found.folders, found.images, found.special, found.broken):
        names.sort()
    return found


def _sentences(scanned: Mapping[str, _Found]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is left out, and what is only worth a word."""
    left_out = [*_links(scanned), *_special(scanned)]
    others = sum((found.others for found in scanned.values()), Counter[str]())
    notes = []
    if others:
        some = ", ".join(f"{shown(suffix)} {n:,}" for suffix, n in others.most_common(_NAMED))
        more = ", …" if len(others) > _NAMED else ""
        notes.append(f"files that are not readable images: {others.total():,} ({some}{more})")
    return tuple(left_out), tuple(notes)


def _links(scanned: Mapping[str, _Found]) -> Iterator[str]:
    names = [f"{folder}/{n}".lstrip("/") for folder, f in scanned.items() for n in f.broken]
    if names:
        yield (
            f"links that lead nowhere and are left out: {len(names)}, such as {shown(names[0])}; "
            "where one is a class, restore what it points to"
        )


def _special(scanned: Mapping[str, _Found]) -> Iterator[str]:
    names = [f"{folder}/{n}".lstrip("/") for folder, f in scanned.items() for n in f.special]
    if names:
        yield (
            f"pipes, sockets and devices, which are not files and are left out: {len(names)}, such "
            f"as {shown(names[0])}"
        )


def _check_nesting(root: Path, inside: Mapping[str, _Found], *, split: bool = False) -> None:
    if inside and not split and all(f.folders and not f.images for f in inside.values()):
        best = next((name for name in inside if name.lower() == "train"), next(iter(inside)))
        raise DataError(
            f"{root} holds folders of folders ({', '.join(map(shown, list(inside)[:3]))}); give "
            f"the one whose folders are the classes: --data {root / best}"
        )
    for name, found in inside.items():
        if found.folders and _PART_NAMES.get(name.lower()) == "train":
            raise DataError(
                f"{root / name} holds class folders, and beside it there is no folder of the same "
                f"classes for validation or test; give it alone: --data {root / name}"
            )
        if found.folders:
            raise DataError(
                f"the class folder {root / name} holds the folder '{shown(found.folders[0])}'; "
                f"move its images up into {root / name}, or remove it"
            )


def _check_classes(
    root: Path, counts: Mapping[str, int], loose: int, least: int = LEAST_IN_CLASS
) -> None:
    if not counts:
        found = f"{loose} images but no folders" if loose else "no folders with images"
        raise DataError(f"{root} holds {found}; give each class a folder of images")
    for name, count in counts.items():
        if not name.isprintable():
            raise DataError(f"the class folder {name!r} in {root} has a name that is not text")
        if not count:
            raise DataError(
                f"the class folder {root / name} holds no images (.jpg, .png, .webp, .tif and "
                "others); add some or remove it"
            )
    _check_spelling(root, counts)
    if len(counts) == 1:
        raise DataError(f"{root} holds the one class '{next(iter(counts))}'; at least 2 are needed")
    for name, count in counts.items():
        if count < least:
            why = (
                "one each for training, validation and test"
                if least == LEAST_IN_CLASS
                else ("one for training and one each for the parts that have no folder")
            )
            raise DataError(
                f"the class '{name}' in {root} has {count} images; each class needs at least "
                f"{least}, {why}"
            )


def _check_spelling(root: Path, names: Mapping[str, int]) -> None:
    """Refuses two classes of names that look the same: é as one character, e with an accent."""
    known: dict[str, str] = {}
    for name in names:
        first = known.setdefault(unicodedata.normalize("NFC", name), name)
        if first != name:
            codes = " and ".join(one.encode("unicode_escape").decode() for one in (first, name))
            raise DataError(
                f"two class folders in {root} are called '{name}' and differ only in how accents "
                f"are stored ({codes}); move the images of both into one of them"
            )
