"""A folder of a person's own images: one folder for each class."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hwnas.core.cache import FOLDER_VARIABLE
from hwnas.core.progress import Progress
from hwnas.data.cache import About, CacheError, Entry, FolderCache, cache_bytes
from hwnas.data.dataset import ImageDataset, Images, Split
from hwnas.data.decoding import DECODING, FULL_BITS, decode_all
from hwnas.data.filling import Deep, fill_cache, in_memory
from hwnas.data.listing import Listing


def load_image_folder(
    folder: str,
    resolution: int,
    *,
    strict: bool = False,
    limit: int | None = None,
    progress: Progress | None = None,
) -> ImageDataset:
    """The images of `<folder>/<class>/<name>.jpg`, classes in the order of their names.

    They are decoded once: the cache (see `hwnas.data.cache`) keeps them, and images are then a
    memory map, which need not fit in memory. Where there is no room for it they are in memory.

    Args:
        folder: the path; what are image files, `hwnas.data.file_types` says.
        resolution: the shorter side is resized to it, then the centre is cropped.
        strict: refuse unreadable images instead of leaving them out.
        limit: take at most this many images, see `load_dataset`.
        progress: called with the images that are decoded, and all; not where none has to be.

    Raises:
        DataError: a folder that cannot be used, an unreadable image when `strict`, or more images
            than disk and memory have room for.
        ConfigError: an environment variable of the cache is wrong.
    """
    listing = Listing(Path(folder), limit, strict=strict)
    cache = FolderCache(listing.root, resolution, DECODING) if cache_bytes() else None
    if cache is None:
        return _dataset(listing, *in_memory(listing, resolution, [], progress))
    try:
        entry = _cached(listing, cache, resolution, limit, progress)
    except (CacheError, OSError) as error:
        images, deep = in_memory(listing, resolution, cache.rows(), progress)
        with contextlib.suppress(CacheError, OSError), cache.locked():
            cache.drop_unfinished()
        note = (
            f"decoded images are held in memory and not kept for the next time: {error} "
            f"({FOLDER_VARIABLE} names another folder for them)"
        )
        return _dataset(listing, images, deep, notes=(note,))
    return _dataset(listing, entry.images, Deep(*entry.about.deep), entry.about.digests)


def _dataset(
    listing: Listing,
    images: Images,
    deep: Deep,
    digests: Sequence[str | None] = (None, None, None),
    notes: tuple[str, ...] = (),
) -> ImageDataset:
    ends = np.cumsum(listing.lengths)[:2]
    parts = zip(np.split(images, ends), np.split(listing.labels(), ends), digests, strict=True)
    train, validation, test = (Split(*part) for part in parts)
    skipped = tuple(sorted(listing.skipped))
    notes = (*listing.notes, *([deep.sentence] if deep.sentence else []), *notes)
    name = listing.root.resolve().name
    bits = deep.bits or FULL_BITS
    return ImageDataset(name, listing.class_names, train, validation, test, skipped, notes, bits)


def _cached(
    listing: Listing,
    cache: FolderCache,
    resolution: int,
    limit: int | None,
    progress: Progress | None,
) -> Entry:
    """The entry of the images of all splits, made where there is none."""
    entry = _find(listing, cache, resolution)
    if entry is None:
        with cache.locked():
            # Another process may have made it meanwhile.
            entry = _find(listing, cache, resolution)
            if entry is None:
                deep = fill_cache(listing, cache, resolution, progress)
                entry = _complete(listing, cache, limit, deep)
    return entry


def _find(listing: Listing, cache: FolderCache, resolution: int) -> Entry | None:
    """The entry of a listing without those files that were unreadable the last time and still are.

    A file can become readable without a new time of change, by its rights for example: so it is
    tried, and if any can be read, all files are looked at anew.
    """
    known: dict[str, list[str]] = {}
    for about in cache.abouts():
        known |= about.rounds
    while names := known.pop(listing.key, None):
        if not set(names) <= set(listing.names):
            return None
        unreadable = decode_all(listing.root, names, resolution, lambda _row, _image: None)
        if len(unreadable) < len(names):
            return None
        listing.leave_out(unreadable)
    entry = cache.find(listing.key)
    if entry is None or entry.about.lengths != tuple(listing.lengths):
        return None
    if entry.touched:
        found = _dataset(listing, entry.images, Deep())
        if _digests(found) != entry.about.digests:
            return None
    return entry


def _digests(dataset: ImageDataset) -> tuple[str, str, str]:
    return dataset.train.digest, dataset.validation.digest, dataset.test.digest


def _complete(listing: Listing, cache: FolderCache, limit: int | None, deep: Deep) -> Entry:
    dataset = _dataset(listing, cache.images(cache.partial(listing.key)), deep)
    train, validation, test = listing.lengths
    about = About(
        folder=str(listing.root.resolve()),
        images=len(listing.names),
        limit=limit,
        rounds=listing.rounds,
        digests=_digests(dataset),
        lengths=(train, validation, test),
        deep=(deep.images, deep.bits),
        stamp=(0, 0),
    )
    return cache.complete(listing.key, about)
