"""The images of a listing in the order of its splits: into the cache, or into memory."""

import contextlib
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from devices.cache import FOLDER_VARIABLE
from devices.errors import DataError
from devices.reading import reading
from hwnas.data.cache import CacheError, FolderCache, Rows, Stamp, write_rows
from hwnas.data.dataset import Images
from hwnas.data.decoding import decode_all
from hwnas.data.listing import Listing
from hwnas.data.rows import FileRows, MemoryRows, RowSink

# At most so much decoding is lost by a kill.
SAVE_SECONDS = 30.0
# A disk is not filled to its last byte, which other programs may need.
_LEFT_FREE = 1_000_000_000

Progress = Callable[[int, int], None]
"""Called with the images that are decoded, and all; not at all when none has to be."""


def fill_cache(
    listing: Listing, cache: FolderCache, resolution: int, progress: Progress | None
) -> None:
    """Makes the partial entry of a listing whose files can all be read.

    Raises:
        CacheError, OSError: there is no room for it.
    """
    while True:
        path = cache.partial(listing.key)
        path.mkdir(parents=True, exist_ok=True)
        wanted = len(listing.names) * 3 * resolution**2 - _allocated(path / "images.npy")
        cache.make_room(wanted)
        if shutil.disk_usage(path).free < wanted + _LEFT_FREE:
            raise CacheError(f"{path.parent} has no room for {wanted / 1e9:.2g} GB")
        with FileRows(path / "images.npy", len(listing.names), resolution) as target:
            unreadable = _fill(listing, target, resolution, cache.rows(), progress, path)
        if not unreadable:
            return
        listing.leave_out(unreadable)


def _allocated(path: Path) -> int:
    """What a killed process left has its place on the disk already."""
    return path.stat().st_blocks * 512 if path.is_file() else 0


def in_memory(
    listing: Listing, resolution: int, earlier: list[Rows], progress: Progress | None
) -> Images:
    """(N, 3, R, R) the images of all splits.

    Raises:
        DataError: they do not fit in memory, or see `Listing.leave_out`.
    """
    while True:
        wanted = len(listing.names) * 3 * resolution**2
        free = reading(lambda: psutil.virtual_memory().available)
        if free is not None and wanted > free:
            raise DataError(
                f"the images of {listing.root} take {wanted / 1e9:.3g} GB at {resolution} pixels, "
                f"of which neither memory ({free / 1e9:.3g} GB) nor the cache has so much; name a "
                f"folder on a larger disk by {FOLDER_VARIABLE}, or set data.limit"
            )
        target = MemoryRows(len(listing.names), resolution)
        unreadable = _fill(listing, target, resolution, earlier, progress)
        if not unreadable:
            return target.images
        stamps = {
            name: (row, stamp)
            for row, (name, stamp) in enumerate(listing.files())
            if stamp is not None and name not in unreadable
        }
        earlier = [Rows(target.images, stamps)]
        listing.leave_out(unreadable)


def _fill(
    listing: Listing, target: RowSink, resolution: int, earlier: list[Rows],
    progress: Progress | None, saved_at: Path | None = None,
) -> dict[str, str]:  # fmt: skip
    """Takes images from what was decoded earlier, decodes the others; returns the unreadable."""
    files = listing.files()
    stamps: list[Stamp | None] = [None] * len(files)  # of what is in the target
    for row, (name, stamp) in enumerate(files):
        image = next((i for rows in earlier if (i := rows.find(name, stamp)) is not None), None)
        if image is not None:
            target.put(row, image)
            stamps[row] = stamp
    missing = [row for row, stamp in enumerate(stamps) if stamp is None]
    saved = time.monotonic()

    def save() -> None:
        if saved_at is not None:
            target.flush()
            kept = zip(listing.names, stamps, strict=True)
            write_rows(saved_at, [(name, stamp) for name, stamp in kept])

    def put(index: int, image: Images) -> None:
        target.put(missing[index], image)

    def decoded(done: Sequence[int]) -> None:
        nonlocal saved
        for index in done:
            stamps[missing[index]] = files[missing[index]][1]
        if progress is not None:
            progress(len(stamps) - stamps.count(None), len(stamps))
        if time.monotonic() - saved >= SAVE_SECONDS:
            save()
            saved = time.monotonic()

    names = [listing.names[row] for row in missing]
    try:
        unreadable = decode_all(listing.root, names, resolution, put, decoded)
    except BaseException:
        with contextlib.suppress(CacheError, OSError):
            save()
        raise
    save()
    return unreadable
