"""Listing: which files of an image folder are in which split, and whether they have changed."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.core.errors import DataError
from hwnas.core.foreign_text import shown
from hwnas.data.cache import Stamp
from hwnas.data.folder_layout import find_layout
from hwnas.data.splitting import least_in_class, split_names, split_parts


class Listing:
    """The files of an image folder, without those that turned out to be unreadable.

    Files are split as if the unreadable ones were not there, so that others may be needed where a
    limit is set: whoever decodes goes round until every file of the splits can be read.

    Attributes:
        root: the folder.
        skipped: files that were left out, in the order in which they were found.
        rounds: for each key that had some, the files that were left out because of it.
        class_names: the classes, in the order of their labels.
        notes: sentences on what is not an image, and how the folder is split.
    """

    def __init__(self, root: Path, limit: int | None, *, strict: bool) -> None:
        """Lists the folder; no image is opened.

        Raises:
            DataError: a folder that cannot be used, something in it that is not an image when
                `strict`, or a limit below 3 images a class.
        """
        self.root = root
        self.skipped: list[str] = []
        self.rounds: dict[str, list[str]] = {}
        self._limit, self._strict = limit, strict
        layout = find_layout(root)
        if strict and layout.left_out:
            raise DataError(f"{root} holds {layout.left_out[0]} (refused by --strict)")
        self.class_names = layout.classes
        self.notes = (*layout.left_out, *layout.notes)
        self._parts = layout.parts
        self._stamps: dict[str, Stamp | None] = {}
        self._split()

    def _split(self) -> None:
        if "" in self._parts:
            parts = split_names(self._parts[""], self._limit)
        else:
            parts = split_parts(self._parts, self._limit)
        self.names = [name for part in parts for name in part]
        self.lengths = [len(part) for part in parts]
        for name in self.names:
            if name not in self._stamps:
                self._stamps[name] = _stamp(self.root / name)
        text = json.dumps([self.lengths, self.files()])
        self.key = digest(text)

    def files(self) -> list[tuple[str, Stamp | None]]:
        """The names of training, validation and test images, and the stamp of each file."""
        return [(name, self._stamps[name]) for name in self.names]

    def labels(self) -> NDArray[np.int64]:
        """(N,) the label of each of `names`."""
        label_of = {name: label for label, name in enumerate(self.class_names)}
        return np.array([label_of[_class_of(name)] for name in self.names], np.int64)

    def leave_out(self, unreadable: Mapping[str, str]) -> None:
        """Splits again without some of `names`.

        Args:
            unreadable: the files, and why each cannot be read.

        Raises:
            DataError: the listing is strict, or too few images of a class are left.
        """
        if self._strict:
            name, reason = min(unreadable.items())
            raise DataError(
                f"cannot read the image {self.root / shown(name)} ({shown(reason)}); repair or "
                "delete it"
            )
        self.rounds[self.key] = sorted(unreadable)
        self.skipped += unreadable
        self._parts = {
            part: {
                label: [name for name in files if name not in unreadable]
                for label, files in classes.items()
            }
            for part, classes in self._parts.items()
        }
        self._check_enough(unreadable)
        self._split()

    def _check_enough(self, unreadable: Mapping[str, str]) -> None:
        for part, classes in self._parts.items():
            least = least_in_class(part, len(self._parts))
            for label, files in classes.items():
                if len(files) < least:
                    example = next(name for name in self.skipped if _class_of(name) == label)
                    reason = f" ({shown(unreadable[example])})" if example in unreadable else ""
                    raise DataError(
                        f"the class '{label}' in {self.root} has {len(files)} readable images"
                        f"{f' for {part}' if part else ''} and needs {least}; unreadable is, for "
                        f"example, {self.root / shown(example)}{reason}"
                    )


def _class_of(name: str) -> str:
    return name.rsplit("/", 2)[-2]


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:  # deleted since, or a link to nothing
        return None
    return status.st_size, status.st_mtime_ns
