"""The cache of decoded images: where it is, how large it may be, and what is in it.

    <cache>/images/<folder>.lock          held while images of that folder are decoded
    <cache>/images/<folder>-<key>/        images.npy, rows.json, entry.json
    <cache>/images/<folder>-<key>.partial what a process is decoding, or a killed one had decoded

`<folder>` stands for a folder of images, a resolution and a way of decoding, `<key>` for the files
of the three splits: names, sizes and times of change. An entry gets its final name when it is
whole, and is never changed afterwards.
"""

import contextlib
import hashlib
import json
import mmap
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from devices.cache import cache_folder, has_cache_folder
from devices.errors import ConfigError, HwnasError
from devices.files import write_atomically
from devices.lock import locked
from hwnas.data.dataset import Images

SIZE_VARIABLE = "HWNAS_CACHE_GB"
_DEFAULT_GB = 20.0


class CacheError(HwnasError):
    """The cache cannot be written to; `load_image_folder` then does without it."""


Stamp = tuple[int, int]
"""Size in bytes and time of the last change in ns: a file that has another one was changed."""


def cache_bytes() -> int:
    """How much the cache may take, `$HWNAS_CACHE_GB` or 20 GB; 0 for no cache, or no place for one.

    Raises:
        ConfigError: the variable holds no size.
    """
    text = os.environ.get(SIZE_VARIABLE) or str(_DEFAULT_GB)
    try:
        size = float(text)
    except ValueError:
        size = -1.0
    if not 0 <= size < 1e9:
        raise ConfigError(
            f"the environment variable {SIZE_VARIABLE} is '{text}'; give a number of GB, 0 for none"
        )
    return int(size * 1e9) if has_cache_folder() else 0


# Of mmap(2) on Linux; Python 3.11 has no name for it.
_MAP_NORESERVE = 0x4000


@dataclass(frozen=True)
class Rows:
    """Decoded images (N, 3, R, R), and of which files: name → row, and the files' stamps."""

    images: Images
    row_of: dict[str, tuple[int, Stamp]]

    def find(self, name: str, stamp: Stamp | None) -> Images | None:
        """The image (3, R, R) of a file that has not changed since."""
        row, known = self.row_of.get(name, (0, None))
        return self.images[row] if known is not None and known == stamp else None


@dataclass(frozen=True)
class Entry:
    """A whole entry.

    Attributes:
        images: (N, 3, R, R) of the three splits in a row.
        about: `images`, how many; `digests` of the splits; `limit`; `rounds`, see `Listing`.
    """

    images: Images
    about: dict[str, Any]


class FolderCache:
    """What the cache holds of one folder of images at one resolution."""

    def __init__(self, root: Path, resolution: int, decoding: str) -> None:
        """Names the folder's part of the cache; nothing is made before `locked`."""
        self._resolution = resolution
        self._at = cache_folder() / "images"
        identity = json.dumps([str(root.resolve()), resolution, decoding])
        self._folder = hashlib.sha256(identity.encode()).hexdigest()[:16]

    def path(self, key: str) -> Path:
        """Where the entry of a key is."""
        return self._at / f"{self._folder}-{key}"

    def partial(self, key: str) -> Path:
        """Where the entry of a key is while it is made."""
        return self._at / f"{self._folder}-{key}.partial"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Waits until no other process decodes images of this folder, then keeps others waiting.

        Raises:
            CacheError: the cache cannot be written to.
        """
        lock = self._at / f"{self._folder}.lock"
        with locked(lock, error=CacheError, busy=f"cannot lock {lock}", wait=True):
            yield

    def find(self, key: str) -> Entry | None:
        """The whole entry of a key, None when there is none or it is damaged."""
        path = self.path(key)
        try:
            about = json.loads((path / "entry.json").read_text(encoding="utf-8"))
            images = self.images(path)
            if len(images) != about["images"]:
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        with contextlib.suppress(OSError):  # a cache that may only be read
            os.utime(path)  # the time of its last use
        return Entry(images, about)

    def images(self, path: Path) -> Images:
        """(N, 3, R, R) the images of an entry, as a memory map.

        Raises:
            OSError, ValueError: there are none, or the file is damaged.
        """
        file = path / "images.npy"
        found = np.lib.format.open_memmap(file, mode="r")
        if found.dtype != np.uint8 or found.shape[1:] != (3, *[self._resolution] * 2):
            raise ValueError(f"{path} holds something else")
        # Copy on write: PyTorch takes no arrays that may not be written to. Without a reserve:
        # Linux would else refuse to map more than memory and swap could hold.
        with file.open("rb") as opened:
            mapped = mmap.mmap(opened.fileno(), 0, mmap.MAP_PRIVATE | _MAP_NORESERVE)
        return np.frombuffer(mapped, np.uint8, offset=found.offset).reshape(found.shape)

    def abouts(self) -> list[dict[str, Any]]:
        """What is known of every whole entry of this folder."""
        found = []
        for path in self._entries():
            with contextlib.suppress(OSError, ValueError):
                content = json.loads((path / "entry.json").read_text(encoding="utf-8"))
                found += [content] if isinstance(content, dict) else []
        return found

    def rows(self) -> list[Rows]:
        """Everything decoded of this folder, whole or not."""
        found = []
        for path in self._entries():
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                content = json.loads((path / "rows.json").read_text(encoding="utf-8"))
                images = self.images(path)
                row_of = {
                    name: (row, (int(stamp[0]), int(stamp[1])))
                    for row, (name, stamp) in enumerate(content)
                    if stamp is not None and row < len(images)
                }
                found.append(Rows(images, row_of))
        return found

    def complete(self, key: str, about: dict[str, Any]) -> Entry:
        """Gives a filled entry its final name, and removes what it stands in for.

        Those are the folder's unfinished entries, and whole ones of files that have changed since:
        an entry of the same `limit`.

        Raises:
            CacheError, OSError: it cannot be written.
        """
        temporary, final = self.partial(key), self.path(key)
        images = self.images(temporary)
        about = {**about, "images": len(images)}
        write_atomically(temporary / "entry.json", json.dumps(about), error=CacheError)
        shutil.rmtree(final, ignore_errors=True)  # a damaged one
        temporary.rename(final)
        for path in self._entries():
            if path == final:
                continue
            with contextlib.suppress(OSError, ValueError, AttributeError):
                old = path / "entry.json"
                if path.suffix or json.loads(old.read_text()).get("limit") == about["limit"]:
                    shutil.rmtree(path, ignore_errors=True)
        return Entry(images, about)

    def drop_unfinished(self) -> None:
        """Removes the folder's unfinished entries."""
        for path in self._entries():
            if path.suffix:
                shutil.rmtree(path, ignore_errors=True)

    def make_room(self, wanted: int) -> None:
        """Removes entries of other folders, those used longest ago first, for so many bytes more.

        Entries that are just being made stay, and so does what this folder has.
        """
        sizes: list[tuple[int, int, Path]] = []
        for path in self._at.glob("*-*"):
            with contextlib.suppress(OSError):
                size = sum(file.stat().st_size for file in path.iterdir())
                sizes.append((path.stat().st_mtime_ns, size, path))
        excess = sum(size for _, size, _ in sizes) + wanted - cache_bytes()
        for _, size, path in sorted(sizes):
            if excess <= 0:
                return
            folder = path.name.partition("-")[0]
            if folder == self._folder:
                continue
            with (
                contextlib.suppress(CacheError),
                locked(self._at / f"{folder}.lock", error=CacheError, busy="in use"),
            ):
                shutil.rmtree(path, ignore_errors=True)
                excess -= size

    def _entries(self) -> list[Path]:
        return sorted(self._at.glob(f"{self._folder}-*"))


def write_rows(path: Path, rows: list[tuple[str, Stamp | None]]) -> None:
    """Says which files the rows of an entry are of; without a stamp: not decoded yet.

    Raises:
        CacheError: the disk is full.
    """
    write_atomically(path / "rows.json", json.dumps(rows), error=CacheError)
