"""A stratified split that depends on names alone, so that adding files hardly moves others."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from hwnas.core.errors import DataError

TEST_SHARE = VALIDATION_SHARE = 0.15
PARTS = ("train", "validation", "test")
LEAST_IN_CLASS = 3  # one image for each split


Key = TypeVar("Key", str, tuple[str, str])


class Names(NamedTuple):
    """Image names of the three splits, in a fixed order."""

    train: list[str]
    validation: list[str]
    test: list[str]


def split_names(classes: Mapping[str, Sequence[str]], limit: int | None = None) -> Names:
    """The split of every name: within each class, in the order of the names' SHA-256.

    Args:
        classes: names of the images of each class, at least 3 each.
        limit: keep at most this many, spread over the classes in proportion to their sizes.

    Raises:
        DataError: the limit is below 3 images a class.
    """
    _check_limit(limit, len(classes))
    ordered = {name: sorted(files, key=_rank) for name, files in classes.items()}
    quotas = _quotas({name: len(files) for name, files in ordered.items()}, limit, LEAST_IN_CLASS)
    result = Names([], [], [])
    for name, files in ordered.items():
        test, validation = _held_out(len(files))
        keep_test, keep_validation = _held_out(quotas[name])
        keep_train = quotas[name] - keep_test - keep_validation
        result.test.extend(files[:test][:keep_test])
        result.validation.extend(files[test : test + validation][:keep_validation])
        result.train.extend(files[test + validation :][:keep_train])
    return result


def split_parts(
    parts: Mapping[str, Mapping[str, Sequence[str]]], limit: int | None = None
) -> Names:
    """The split of a dataset that has parts of its own: these as they are.

    Args:
        parts: names of the images of each class, of "train" and of "validation" or "test" or both;
            one that is missing is 15 % of each class of "train".
        limit: keep at most this many, spread over parts and classes in proportion to their sizes.

    Raises:
        DataError: the limit is below 3 images a class.
    """
    _check_limit(limit, len(parts["train"]))
    cells = {
        (part, label): sorted(files, key=_rank)
        for part, classes in parts.items()
        for label, files in classes.items()
    }
    for label in parts["train"]:
        size = max(1, round(TEST_SHARE * len(cells["train", label])))
        for part in PARTS:
            if part not in parts:
                rest = cells["train", label]
                cells[part, label], cells["train", label] = rest[:size], rest[size:]
    quotas = _quotas({cell: len(files) for cell, files in cells.items()}, limit, 1)
    kept = {cell: files[: quotas[cell]] for cell, files in cells.items()}
    return Names(*([n for label in parts["train"] for n in kept[part, label]] for part in PARTS))


def least_in_class(part: str, parts: int) -> int:
    """How many images each class needs: in the whole folder (""), or in one of its own parts.

    Of "train" also those for the parts that have no folder are taken.
    """
    if not part:
        return LEAST_IN_CLASS
    return 1 + len(PARTS) - parts if part == "train" else 1


def _check_limit(limit: int | None, classes: int) -> None:
    if limit is not None and limit < LEAST_IN_CLASS * classes:
        raise DataError(
            f"a limit of {limit} images is too low for {classes} classes; "
            f"allow at least {LEAST_IN_CLASS * classes}"
        )


def _rank(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def _held_out(count: int) -> tuple[int, int]:
    return max(1, round(TEST_SHARE * count)), max(1, round(VALIDATION_SHARE * count))


def _quotas(sizes: dict[Key, int], limit: int | None, least: int) -> dict[Key, int]:
    if limit is None or limit >= sum(sizes.values()):
        return sizes
    # The least for every one, then whichever has had the smallest share of its images.
    places = sorted(
        (place >= least, (place + 0.5) / size, name)
        for name, size in sizes.items()
        for place in range(size)
    )
    quotas = dict.fromkeys(sizes, 0)
    for _, _, name in places[:limit]:
        quotas[name] += 1
    return quotas
