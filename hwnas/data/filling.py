"""The images of a listing in the order of its splits: into the cache, or into memory."""

import contextlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from hwnas.core.cache import FOLDER_VARIABLE
from hwnas.core.errors import DataError
from hwnas.core.progress import Progress
from hwnas.core.reading import reading
from hwnas.data.cache import CacheError, FolderCache, Row, Rows, pixels_check, write_rows
from hwnas.data.dataset import Images
from hwnas.data.decoding import FULL_BITS, Decoded, darkened, decode_all
from hwnas.data.listing import Listing
from hwnas.data.rows import FileRows, MemoryRows, RowSink

# At most so much decoding is lost by a kill.
SAVE_SECONDS = 30.0
# A disk is not filled to its last byte, which other programs may need.
_LEFT_FREE = 1_000_000_000


@dataclass(frozen=True)
class Deep:
    """How many images have more than 8 bits a channel, and how many bits the brightest uses."""

    images: int = 0
    bits: int = 0

    @property
    def sentence(self) -> str | None:
        """What a person should know; None where all 16 bits are in use, as is expected."""
        if not self.images or self.bits == FULL_BITS:
            return None
        return (
            f"images with more than 8 bits a channel: {self.images:,}; the brightest pixel of them "
            f"uses {self.bits} bits, which are what is scaled to 8, in all of them alike"
        )


def fill_cache(
    listing: Listing, cache: FolderCache, resolution: int, progress: Progress | None
) -> Deep:
    """Makes the partial entry of a listing whose files can all be read.

    Raises:
        CacheError, OSError: there is no room for it.
        DataError: memory runs out, or see `Listing.leave_out`.
    """
    while True:
        path = cache.partial(listing.key)
        path.mkdir(parents=True, exist_ok=True)
        wanted = len(listing.names) * 3 * resolution**2 - _allocated(path / "images.npy")
        cache.make_room(wanted)
        if shutil.disk_usage(path).free < wanted + _LEFT_FREE:
            raise CacheError(f"{path.parent} has no room for {wanted / 1e9:.2g} GB")
        with FileRows(path / "images.npy", len(listing.names), resolution) as target:
            filling = _Filling(listing, target, path)
            unreadable = filling.fill(resolution, cache.rows(), progress)
            if not unreadable:
                return filling.level()
        listing.leave_out(unreadable)


def _allocated(path: Path) -> int:
    """What a killed process left has its place on the disk already."""
    return path.stat().st_blocks * 512 if path.is_file() else 0


def in_memory(
    listing: Listing, resolution: int, earlier: list[Rows], progress: Progress | None
) -> tuple[Images, Deep]:
    """(N, 3, R, R) the images of all splits, and which of them are deep.

    Raises:
        DataError: they do not fit in memory, or see `Listing.leave_out`.
    """
    while True:
        wanted = len(listing.names) * 3 * resolution**2
        free = reading(lambda: psutil.virtual_memory().available)
        if free is not None and wanted > free:
            raise _too_many(listing, resolution, f"memory ({free / 1e9:.3g} GB) nor the cache has")
        try:
            target = MemoryRows(len(listing.names), resolution)
        except MemoryError as error:
            raise _too_many(listing, resolution, "memory nor the cache has") from error
        filling = _Filling(listing, target)
        unreadable = filling.fill(resolution, earlier, progress)
        if not unreadable:
            return target.images, filling.level()
        earlier = [Rows(target.images, filling.row_of())]
        listing.leave_out(unreadable)


def _too_many(listing: Listing, resolution: int, where: str) -> DataError:
    wanted = len(listing.names) * 3 * resolution**2
    return DataError(
        f"the images of {listing.root} take {wanted / 1e9:.3g} GB at {resolution} pixels, "
        f"of which neither {where} so much; name a folder on a larger disk by {FOLDER_VARIABLE}, "
        "set data.limit, or lower the resolution"
    )


class _Filling:
    """Rows that are filled with the images of a listing."""

    def __init__(self, listing: Listing, target: RowSink, saved_at: Path | None = None) -> None:
        """Takes where rows go, and the folder that records how far they are."""
        self._listing, self._target, self._saved_at = listing, target, saved_at
        self._rows = [Row(name, None, 0, 0) for name, _ in listing.files()]

    def fill(
        self, resolution: int, earlier: list[Rows], progress: Progress | None
    ) -> dict[str, str]:
        """Takes images from what was decoded earlier, decodes the others; returns the unreadable.

        Raises:
            CacheError, OSError: there is no room.
            DataError: memory runs out.
        """
        files = self._listing.files()
        for index, (name, stamp) in enumerate(files):
            found = next((d for rows in earlier if (d := rows.find(name, stamp))), None)
            if found is not None:
                self._put(index, found)
                self._rows[index] = self._rows[index]._replace(stamp=stamp)
        missing = [index for index, row in enumerate(self._rows) if row.stamp is None]
        saved, left = time.monotonic(), len(missing)

        def put(position: int, image: Decoded) -> None:
            self._put(missing[position], image)

        def decoded(done: Sequence[int]) -> None:
            nonlocal saved, left
            for position in done:
                index = missing[position]
                self._rows[index] = self._rows[index]._replace(stamp=files[index][1])
            left -= len(done)
            if progress is not None:
                progress(len(files) - left, len(files))
            if time.monotonic() - saved >= SAVE_SECONDS:
                self._save()
                saved = time.monotonic()

        names = [self._listing.names[index] for index in missing]
        try:
            unreadable = decode_all(self._listing.root, names, resolution, put, decoded)
        except BaseException as error:
            with contextlib.suppress(CacheError, OSError):
                self._save()
            if isinstance(error, MemoryError) or "start new thread" in str(error):
                raise DataError(
                    f"memory ran out while the images of {self._listing.root} were decoded; free "
                    "some and run the same command again, which resumes there; very large "
                    "images need the most"
                ) from error
            raise
        self._save()
        return unreadable

    def _put(self, index: int, image: Decoded) -> None:
        self._target.put(index, image.pixels)
        row = self._rows[index]
        self._rows[index] = row._replace(bits=image.bits, check=pixels_check(image.pixels))

    def level(self) -> Deep:
        """Brings all deep images to the bits that the brightest of them uses."""
        bits = max((row.bits for row in self._rows), default=0)
        deep = [index for index, row in enumerate(self._rows) if row.bits]
        darker = [index for index in deep if self._rows[index].bits < bits]
        if darker:
            stamps = [row.stamp for row in self._rows]
            for index in darker:  # a kill in between leaves rows that are decoded again
                self._rows[index] = self._rows[index]._replace(stamp=None)
            self._save()
            for index in darker:
                own = self._rows[index].bits
                self._target.put(index, darkened(self._target.get(index), bits - own))
                self._rows[index] = self._rows[index]._replace(stamp=stamps[index], bits=-own)
            self._save()
        return Deep(len(deep), bits)

    def row_of(self) -> dict[str, tuple[int, Row]]:
        """The rows that are filled, by the names of their files."""
        return {row.name: (index, row) for index, row in enumerate(self._rows)}

    def _save(self) -> None:
        if self._saved_at is not None:
            self._target.flush()
            write_rows(self._saved_at, self._rows)
