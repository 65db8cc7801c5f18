"""The cache of decoded images: where it is, how large it may be, and what is in it.

    <cache>/images/<folder>.lock          held while images of that folder are decoded
    <cache>/images/<folder>-<key>/        images.npy, rows.json, entry.json
    <cache>/images/<folder>-<key>.partial what a process is decoding, or a killed one had decoded

`<folder>` stands for a folder of images, a resolution and a way of decoding, `<key>` for the files
of the three splits: names, sizes and times of change. An entry gets its final name when it is
whole, and is never changed afterwards. What was changed or damaged all the same is decoded again.
"""

import contextlib
import json
import math
import mmap
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import numpy as np
from pydantic import Field, PlainValidator

from hwnas.core.cache import cache_folder, has_cache_folder
from hwnas.core.configs import StrictModel
from hwnas.core.digests import digest
from hwnas.core.errors import ConfigError, HwnasError
from hwnas.core.files import write_atomically
from hwnas.core.lock import locked
from hwnas.data.dataset import Images
from hwnas.data.decoding import Decoded
from hwnas.data.file_types import open_regular
from hwnas.data.rows import npy_header

SIZE_VARIABLE = "HWNAS_CACHE_GB"
_DEFAULT_GB = 20.0
_IMAGES = "images.npy"
_WHOLE = 64  # hexadecimal digits of a document's digest
Document = TypeVar("Document", bound=StrictModel)


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


def _text(value: object) -> str:
    """A text, which names of files are even where they are not Unicode."""
    if not isinstance(value, str):
        raise ValueError("not text")
    return value


Name = Annotated[str, PlainValidator(_text)]


class Row(NamedTuple):
    """A row of `images.npy`, in `rows.json`.

    Attributes:
        name: of the file.
        stamp: of that; None where the row is not filled yet.
        bits: see `Decoded`; negative where the row was brought to the bits of others.
        check: CRC-32 of the pixels.
    """

    name: Name
    stamp: Stamp | None
    bits: int
    check: int


class _Rows(StrictModel):
    rows: tuple[Row, ...]


class About(StrictModel):
    """`entry.json`, of an entry that is whole.

    Attributes:
        folder: of the images, for a person who looks into the cache.
        images: how many rows there are.
        limit: that was asked for.
        rounds: see `Listing`.
        digests: of the three splits, see `Split.digest`.
        lengths: of the three splits.
        deep: how many images have more than 8 bits a channel, and how many bits they use.
        stamp: of `images.npy`.
    """

    folder: Name
    images: Annotated[int, Field(ge=1)]
    limit: int | None
    rounds: dict[str, list[Name]]
    digests: tuple[str, str, str]
    lengths: tuple[int, int, int]
    deep: tuple[int, int]
    stamp: Stamp


# Of mmap(2) on Linux; Python 3.11 has no name for it.
_MAP_NORESERVE = 0x4000


@dataclass(frozen=True)
class Rows:
    """Decoded images (N, 3, R, R), and which files they are of: by name, where and what."""

    images: Images
    row_of: dict[str, tuple[int, Row]]

    def find(self, name: str, stamp: Stamp | None) -> Decoded | None:
        """The image of a file that has not changed since, and neither have its pixels."""
        if stamp is None or name not in self.row_of:
            return None
        index, row = self.row_of[name]
        if row.stamp != stamp or row.bits < 0:
            return None
        image = self.images[index]
        return Decoded(image, row.bits) if pixels_check(image) == row.check else None


@dataclass(frozen=True)
class Entry:
    """A whole entry.

    Attributes:
        images: (N, 3, R, R) of the three splits in a row.
        about: what the entry says of them.
        touched: whether the images were written to since; their digests may be others then.
    """

    images: Images
    about: About
    touched: bool = False


class FolderCache:
    """What the cache holds of one folder of images at one resolution."""

    def __init__(self, root: Path, resolution: int, decoding: str) -> None:
        """Names the folder's part of the cache; nothing is made before `locked`."""
        self._resolution = resolution
        self._at = cache_folder() / "images"
        identity = json.dumps([str(root.resolve()), resolution, decoding])
        self._folder = digest(identity)

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
        about = _read(path / "entry.json", About)
        if about is None:
            return None
        try:
            images = self.images(path)
            if len(images) != about.images or sum(about.lengths) != about.images:
                return None
            touched = file_stamp(path / _IMAGES) != about.stamp
        except (OSError, ValueError):
            return None
        with contextlib.suppress(OSError):  # a cache that may only be read
            os.utime(path)  # the time of its last use
        return Entry(images, about, touched)

    def images(self, path: Path) -> Images:
        """(N, 3, R, R) the images of an entry, as a memory map.

        Raises:
            OSError, ValueError: there are none, or the file is damaged.
        """
        with os.fdopen(open_regular(path / _IMAGES), "rb") as opened:
            start, size = len(npy_header(1, self._resolution)), os.fstat(opened.fileno()).st_size
            shape = (3, self._resolution, self._resolution)
            count = (size - start) // math.prod(shape)
            header = npy_header(max(0, count), self._resolution)
            if count < 1 or size != len(header) + count * math.prod(shape):
                raise ValueError(f"{path} has another length")
            if opened.read(len(header)) != header:
                raise ValueError(f"{path} holds something else")
            # Copy on write: PyTorch takes no arrays that may not be written to. Without a reserve:
            # Linux would else refuse to map more than memory and swap could hold.
            mapped = mmap.mmap(opened.fileno(), 0, mmap.MAP_PRIVATE | _MAP_NORESERVE)
        return np.frombuffer(mapped, np.uint8, offset=len(header)).reshape(count, *shape)

    def abouts(self) -> list[About]:
        """What is known of every whole entry of this folder."""
        found = (_read(path / "entry.json", About) for path in self._entries())
        return [about for about in found if about is not None]

    def rows(self) -> list[Rows]:
        """Everything decoded of this folder, whole or not."""
        found = []
        for path in self._entries():
            content = _read(path / "rows.json", _Rows)
            if content is None:
                continue
            with contextlib.suppress(OSError, ValueError):
                images = self.images(path)
                if len(images) == len(content.rows):
                    row_of = {row.name: (index, row) for index, row in enumerate(content.rows)}
                    found.append(Rows(images, row_of))
        return found

    def complete(self, key: str, about: About) -> Entry:
        """Gives a filled entry its final name, and removes what it stands in for.

        Those are the folder's unfinished entries, and whole ones of files that have changed since:
        an entry of the same `limit`.

        Raises:
            CacheError, OSError: it cannot be written.
        """
        temporary, final = self.partial(key), self.path(key)
        images = self.images(temporary)
        about = about.model_copy(update={"stamp": file_stamp(temporary / _IMAGES)})
        _write(temporary / "entry.json", about.model_dump())
        shutil.rmtree(final, ignore_errors=True)  # a damaged one
        temporary.rename(final)
        for path in self._entries():
            if path == final:
                continue
            old = _read(path / "entry.json", About)
            if path.suffix or old is None or old.limit == about.limit:
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


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Says which files the rows of an entry are of.

    Raises:
        CacheError: the disk is full.
    """
    _write(path / "rows.json", {"rows": rows})


def pixels_check(image: Images) -> int:
    """CRC-32 of pixels."""
    return zlib.crc32(np.ascontiguousarray(image).data)


def file_stamp(path: Path) -> Stamp:
    """A value that differs where a file was changed: its size and its time.

    Raises:
        OSError: it is not there.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _write(path: Path, content: Mapping[str, object]) -> None:
    """Writes a document behind the digest of it."""
    text = json.dumps(content)
    write_atomically(path, f"{digest(text, _WHOLE)}\n{text}", error=CacheError)


def _read(path: Path, model: type[Document]) -> Document | None:
    """A document that `_write` wrote; None where there is none, or it was changed since."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            stored, _, text = file.read().decode("utf-8").partition("\n")
        return model.model_validate(json.loads(text)) if stored == digest(text, _WHOLE) else None
    except (OSError, ValueError, RecursionError):  # pydantic's and JSON's are ValueErrors
        return None
