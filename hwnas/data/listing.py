"""Listing: which files of an image folder are in which split, and whether they have changed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.errors import DataError
from hwnas.data.cache import Stamp
from hwnas.data.folder_layout import find_classes
from hwnas.data.splitting import LEAST_IN_CLASS, split_names


class Listing:
    """The files of a folder of class folders, without those that turned out to be unreadable.

    Files are split as if the unreadable ones were not there, so that others may be needed where a
    limit is set: whoever decodes goes round until every file of the splits can be read.

    Attributes:
        root: the folder.
        skipped: files that were left out, in the order in which they were found.
        rounds: for each key that had some, the files that were left out because of it.
    """

    def __init__(self, root: Path, limit: int | None, *, strict: bool) -> None:
        """Lists the folder; no image is opened.

        Raises:
            DataError: a folder that cannot be used, or a limit below 3 images a class.
        """
        self.root = root
        self.skipped: list[str] = []
        self.rounds: dict[str, list[str]] = {}
        self._limit, self._strict = limit, strict
        self._classes = find_classes(root)
        self._stamps: dict[str, Stamp | None] = {}
        self._split()

    def _split(self) -> None:
        parts = split_names(self._classes, self._limit)
        self.names = [name for part in parts for name in part]
        self.lengths = [len(part) for part in parts]
        for name in self.names:
            if name not in self._stamps:
                self._stamps[name] = _stamp(self.root / name)
        text = json.dumps([self.lengths, self.files()])
        self.key = hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes, in the order of their labels."""
        return tuple(self._classes)

    def files(self) -> list[tuple[str, Stamp | None]]:
        """The names of training, validation and test images, and what tells a changed file."""
        return [(name, self._stamps[name]) for name in self.names]

    def labels(self) -> NDArray[np.int64]:
        """(N,) the label of each of `names`."""
        label_of = {name: label for label, name in enumerate(self._classes)}
        return np.array([label_of[name.partition("/")[0]] for name in self.names], np.int64)

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
                f"cannot read the image {self.root / name} ({reason}); mend or delete it"
            )
        self.rounds[self.key] = sorted(unreadable)
        self.skipped += unreadable
        self._classes = {
            label: [name for name in files if name not in unreadable]
            for label, files in self._classes.items()
        }
        _check_enough(self.root, self._classes, self.skipped)
        self._split()


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:  # deleted since, or a link to nothing
        return None
    return status.st_size, status.st_mtime_ns


def _check_enough(root: Path, classes: dict[str, list[str]], skipped: Iterable[str]) -> None:
    for label, files in classes.items():
        if len(files) < LEAST_IN_CLASS:
            example = next(name for name in skipped if name.startswith(f"{label}/"))
            raise DataError(
                f"the class '{label}' in {root} has {len(files)} readable images and needs "
                f"{LEAST_IN_CLASS}; unreadable is, for example, {root / example}"
            )
