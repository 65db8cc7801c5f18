"""Datasets of installed packages: a function behind an entry point of the group `hwnas.datasets`.

    [project.entry-points."hwnas.datasets"]
    flowers = "flowers_data:load"

The function is called as `load(resolution=..., limit=..., strict=...)` and returns an
`ImageDataset`; docs/guides/dataset.md has a whole example.
"""

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import numpy as np

from hwnas.core.errors import DataError, HwnasError
from hwnas.data.dataset import ImageDataset, Split

GROUP = "hwnas.datasets"
# At which size a dataset is made for its class names alone.
_SMALL = 8


def installed_names() -> list[str]:
    """The names of all datasets of installed packages."""
    return sorted(entry_points(group=GROUP).names)


def is_installed(name: str) -> bool:
    """Whether an installed package has a dataset of this name."""
    return name in entry_points(group=GROUP).names


def load_installed(
    name: str, *, resolution: int, strict: bool = False, limit: int | None = None
) -> ImageDataset:
    """The dataset of an installed package, checked.

    Args:
        name: of the entry point.
        resolution: height and width of the images, in pixels.
        strict: whether unreadable images are to be refused.
        limit: at most so many images.

    Raises:
        DataError: the package's function fails, or what it returns is no such dataset.
    """
    function, told = _function(name)
    try:
        dataset = function(resolution=resolution, limit=limit, strict=strict)
    except HwnasError:
        raise
    except Exception as error:
        raise DataError(f"{told} failed: {_brief(error)}; mend that package") from error
    fault = _fault(dataset, resolution, limit) or _unlike(dataset, _declared(function))
    if fault:
        raise DataError(f"{told} {fault}; mend that package")
    checked: ImageDataset = dataset
    return checked


@cache
def installed_class_names(name: str) -> tuple[str, ...]:
    """The classes of an installed dataset: the function's `class_names`, or those of its images.

    Raises:
        DataError: see `load_installed`.
    """
    declared = _declared(_function(name)[0])
    if declared is not None:
        return declared
    return load_installed(name, resolution=_SMALL).class_names


def _function(name: str) -> tuple[Callable[..., Any], str]:
    """The function, and what to call it in a message."""
    found = list(entry_points(group=GROUP, name=name))
    if len(found) > 1:
        packages = " and ".join(sorted(_package(point) for point in found))
        raise DataError(f"{packages} both bring a dataset '{name}'; uninstall one of them")
    [point] = found
    told = f"the dataset '{name}' ({point.value} of {_package(point)})"
    try:
        function = point.load()
    except Exception as error:
        raise DataError(f"{told} cannot be imported: {_brief(error)}; mend that package") from error
    if not callable(function):
        raise DataError(f"{told} is no function; mend that package")
    return function, told


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "a package"


def _brief(error: Exception) -> str:
    text = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _declared(function: Callable[..., Any]) -> tuple[str, ...] | None:
    names = getattr(function, "class_names", None)
    return None if names is None else tuple(map(str, names))


def _unlike(dataset: ImageDataset, declared: tuple[str, ...] | None) -> str | None:
    if declared is None or declared == dataset.class_names:
        return None
    return (
        f"has {dataset.classes} classes ({', '.join(dataset.class_names[:3])}, …), while its "
        f"function declares {len(declared)} ({', '.join(declared[:3])}, …)"
    )


def _fault(dataset: object, resolution: int, limit: int | None) -> str | None:
    """What is wrong with a dataset, as the end of a sentence; None when nothing is."""
    if not isinstance(dataset, ImageDataset):
        return f"returns {type(dataset).__name__} instead of an ImageDataset"
    names: object = dataset.class_names
    if not isinstance(names, tuple) or not all(isinstance(n, str) and n for n in names):
        return "has class_names that are no tuple of texts"
    if len(names) < 2 or len(set(names)) < len(names):
        return f"has class_names that are not two different ones or more: {list(names)[:3]}"
    for part in ("train", "validation", "test"):
        fault = _split_fault(getattr(dataset, part), resolution, len(names))
        if fault:
            return f"has a split '{part}' {fault}"
    count = sum(map(len, (dataset.train, dataset.validation, dataset.test)))
    if limit is not None and count > limit:
        return f"has {count:,} images where at most {limit:,} were asked for (limit)"
    return None


def _split_fault(split: object, resolution: int, classes: int) -> str | None:
    if not isinstance(split, Split):
        return f"that is {type(split).__name__} instead of a Split"
    images: object = split.images
    labels: object = split.labels
    if not isinstance(images, np.ndarray) or not isinstance(labels, np.ndarray):
        return "whose images and labels are not both numpy arrays"
    if images.dtype != np.uint8 or labels.dtype != np.int64:
        return (
            f"with images of {images.dtype} and labels of {labels.dtype} instead of uint8 and int64"
        )
    shape = (3, resolution, resolution)
    if images.shape[1:] != shape or labels.shape != images.shape[:1]:
        return (
            f"with images {images.shape} and labels {labels.shape} instead of (N, 3, {resolution}, "
            f"{resolution}) and (N,)"
        )
    if not len(labels):
        return "without any image"
    if labels.min() < 0 or labels.max() >= classes:
        return (
            f"with labels from {labels.min()} to {labels.max()}, of which {classes} classes have "
            f"0 to {classes - 1}"
        )
    return None
