"""A stratified split that depends on names alone, so that adding files hardly moves others."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from devices.errors import DataError

TEST_SHARE = VALIDATION_SHARE = 0.15
LEAST_IN_CLASS = 3  # one image for each split


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
    if limit is not None and limit < LEAST_IN_CLASS * len(classes):
        raise DataError(
            f"a limit of {limit} images is too low for {len(classes)} classes; "
            f"allow at least {LEAST_IN_CLASS * len(classes)}"
        )
    ordered = {name: sorted(files, key=_rank) for name, files in classes.items()}
    quotas = _quotas({name: len(files) for name, files in ordered.items()}, limit)
    result = Names([], [], [])
    for name, files in ordered.items():
        test, validation = _held_out(len(files))
        keep_test, keep_validation = _held_out(quotas[name])
        keep_train = quotas[name] - keep_test - keep_validation
        result.test.extend(files[:test][:keep_test])
        result.validation.extend(files[test : test + validation][:keep_validation])
        result.train.extend(files[test + validation :][:keep_train])
    return result


def _rank(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def _held_out(count: int) -> tuple[int, int]:
    return max(1, round(TEST_SHARE * count)), max(1, round(VALIDATION_SHARE * count))


def _quotas(sizes: dict[str, int], limit: int | None) -> dict[str, int]:
    if limit is None or limit >= sum(sizes.values()):
        return sizes
    # Three for every class, then whichever class has had the smallest share of its images.
    places = sorted(
        (place >= LEAST_IN_CLASS, (place + 0.5) / size, name)
        for name, size in sizes.items()
        for place in range(size)
    )
    quotas = dict.fromkeys(sizes, 0)
    for _, _, name in places[:limit]:
        quotas[name] += 1
    return quotas
