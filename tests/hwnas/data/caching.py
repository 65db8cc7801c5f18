"""Reading of image folders with the cache and without it."""

import mmap
from pathlib import Path

import numpy as np
import pytest

from hwnas.data import ImageDataset, Split, load_dataset
from hwnas.data.cache import SIZE_VARIABLE


def load(root: Path, **options: object) -> ImageDataset:
    return load_dataset(str(root), resolution=8, **options)


def without_cache(root: Path, monkeypatch: pytest.MonkeyPatch, **options: object) -> ImageDataset:
    with monkeypatch.context() as context:
        context.setenv(SIZE_VARIABLE, "0")
        return load(root, **options)


def assert_same(data: ImageDataset, other: ImageDataset) -> None:
    for name in ("train", "validation", "test"):
        one, two = getattr(data, name), getattr(other, name)
        assert (one.images == two.images).all()
        assert (one.labels == two.labels).all()
        assert Split(one.images, one.labels).digest == one.digest == two.digest
    assert (data.class_names, data.skipped) == (other.class_names, other.skipped)


def is_mapped(data: ImageDataset) -> bool:
    array: object = data.train.images
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, memoryview) and isinstance(array.obj, mmap.mmap)


def entries(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.is_dir())
