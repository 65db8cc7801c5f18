"""Datasets by name: the built-in digits, and those that installed packages bring.

A package of your own names a function in its `pyproject.toml`:

    [project.entry-points."hwnas.datasets"]
    flowers = "flowers_data:load"

It is called as `load(resolution=..., limit=..., strict=...)` and returns an `ImageDataset`;
docs/guides/dataset.md has a whole example.
"""

from functools import cache
from typing import Any, Protocol

import numpy as np

from hwnas.core.errors import DataError, HwnasError
from hwnas.core.registry import Registry, brief
from hwnas.data.dataset import ImageDataset, Split

# At which size a dataset is made for its class names alone.
_SMALL = 8


class Dataset(Protocol):
    """What gives images at a resolution.

    With an attribute `class_names`, a tuple of texts, its classes are known without any image.
    """

    def __call__(self, *, resolution: int, limit: int | None, strict: bool) -> ImageDataset:
        """The images.

        Args:
            resolution: height and width, in pixels.
            limit: at most so many images.
            strict: whether unreadable images are to be refused.
        """


DATASETS: Registry[Dataset] = Registry(
    "dataset", "hwnas.datasets", {"digits": "hwnas.data.digits:DIGITS"}, DataError
)


def load_named(
    dataset: str | Dataset, *, resolution: int, strict: bool = False, limit: int | None = None
) -> ImageDataset:
    """A dataset of a name, or one that is given, checked.

    Args:
        dataset: a name of `DATASETS`, or a dataset of your own.
        resolution: height and width of the images, in pixels.
        strict: whether unreadable images are to be refused.
        limit: at most so many images.

    Raises:
        DataError: it fails, or what it returns is not such a dataset.
    """
    function, name, remedy = _function(dataset)
    try:
        found = function(resolution=resolution, limit=limit, strict=strict)
    except HwnasError:
        raise
    except Exception as error:
        raise DataError(f"{name} failed: {brief(error)}; {remedy}") from error
    fault = _fault(found, resolution, limit) or _unlike(found, _declared(function))
    if fault:
        raise DataError(f"{name} {fault}; {remedy}")
    return found


def named_classes(dataset: str | Dataset) -> tuple[str, ...]:
    """The classes of a dataset: its `class_names`, or those of its images.

    Raises:
        DataError: see `load_named`.
    """
    declared = _declared(_function(dataset)[0])
    if declared is not None:
        return declared
    return _classes_of(dataset) if isinstance(dataset, str) else _classes_of_images(dataset)


def check_dataset(dataset: object, resolution: int, limit: int | None = None) -> None:
    """Refuses what a dataset must not give.

    Raises:
        DataError: names the fault.
    """
    fault = _fault(dataset, resolution, limit)
    if fault:
        raise DataError(f"the dataset {fault}")


@cache
def _classes_of(name: str) -> tuple[str, ...]:
    return _classes_of_images(name)


def _classes_of_images(dataset: str | Dataset) -> tuple[str, ...]:
    return load_named(dataset, resolution=_SMALL).class_names


def _function(dataset: str | Dataset) -> tuple[Dataset, str, str]:
    """The function, what to call it in a message, and what to do where it fails."""
    if isinstance(dataset, str):
        found: object = DATASETS.load(dataset)
        name = f"the dataset '{dataset}' ({DATASETS.origin(dataset)})"
        remedy = "correct that package"
    else:
        found, remedy = dataset, "correct it"
        name = f"the dataset {getattr(dataset, '__name__', type(dataset).__name__)}"
    if not callable(found):
        raise DataError(f"{name} is not a function; {remedy}")
    function: Dataset = found
    return function, name, remedy


def _declared(function: Any) -> tuple[str, ...] | None:
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
        return "has class_names that are not a tuple of texts"
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
