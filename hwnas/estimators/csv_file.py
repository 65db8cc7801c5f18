"""Reading a CSV of known accuracies against a space; docs/reference/csv.md has the form."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.core.csv_text import csv_records, read_text, separator_of
from hwnas.core.digests import digest
from hwnas.core.errors import AccuracyError
from hwnas.core.foreign_text import shown
from hwnas.estimators.scores import ScoreInfo
from hwnas.estimators.stated import KEYS, NOTHING, Stated, read_stated, split_comments
from hwnas.spaces.family import Space
from hwnas.spaces.numbering import read_numbers
from hwnas.spaces.shrunk import whole_of
from hwnas.spaces.space import Architectures

COLUMNS = ("architecture", "accuracy")
_NUMBER = re.compile(r"[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class KnownAccuracies:
    """The distinct networks of a file and their accuracies.

    Attributes:
        path: the file.
        rows: how many it has; several of one network are averaged.
        architectures: (N, L) canonical, sorted.
        accuracies: (N,) in percent.
        stated: at which resolution and on which images, where the file states it.
        trainings: (N, R) in percent, in the order of the rows, NaN where a network has fewer than
            R. Rows that spell a network in another way may repeat a training, so that only the
            spelling with the most rows counts here.
        passed_over: how many further rows there are of networks that a shrunk space lost.
        content: digest of all networks and accuracies, of those that are gone, too: the same for
            every part of a space.
    """

    path: Path
    rows: int
    architectures: Architectures
    accuracies: NDArray[np.float64]
    trainings: NDArray[np.float64]
    stated: Stated = NOTHING
    passed_over: int = 0
    content: str = ""

    @property
    def identity(self) -> dict[str, str]:
        """What scores depend on that are made of all these networks and accuracies."""
        return {"accuracy file": _content(self.architectures, self.accuracies)}

    def described(self, info: ScoreInfo) -> ScoreInfo:
        """What a score is, with what is known of the file."""
        return replace(
            info,
            label=info.label.replace("{file}", str(self.path)),
            file=str(self.path),
            rows=self.rows,
            networks=len(self.accuracies),
            resolution=self.stated.resolution,
            images=self.stated.images,
        )


def read_accuracies(path: Path, space: Space) -> KnownAccuracies:
    """The accuracies of a CSV, at the resolution of a space where the file has those of several.

    Of a family, architectures say their resolution, and what else says it has to agree.

    Raises:
        AccuracyError: there is no such file, or anything in it is not of the form; the message
            names line and column.
    """
    text = read_text(
        path, wanted="a CSV with the columns architecture, accuracy", error=AccuracyError
    )
    text, stated = split_comments(text, str(path))
    rows = list(_rows(text, str(path), stated))
    if len(space.members) == 1:
        rows = _at_one(rows, space.largest_resolution, path)
    stated = _of_same_images(rows, path)
    choices, values = [], []
    for row in rows:
        choices.append(row.numbers(space))
        values.append(row.percent())
    if not values:
        raise AccuracyError(f"{path} has no row of a network; give it one for each")
    if max(values) <= 1:
        raise AccuracyError(
            f"{path}, column accuracy: no value is above 1, but accuracies are in percent; write "
            "92.5 for 0.925"
        )
    # Of a space that was shrunk, what became of the other networks does not matter.
    left = np.flatnonzero(space.has(np.array(choices))).tolist()
    if not left:
        raise AccuracyError(
            f"{path} has no network whose choices are all left in {space.name}; keep more choices, "
            "or give it rows of networks that are left"
        )
    passed_over = len(choices) - len(left)
    distinct, means, index = _distinct(whole_of(space), choices, values)
    content = _content(distinct, means)
    if whole_of(space) is not space:
        choices, values = [choices[row] for row in left], [values[row] for row in left]
        distinct, means, index = _distinct(space, choices, values)
    trainings = _trainings(choices, values, index.tolist())
    return KnownAccuracies(
        path, len(values), distinct, means, trainings, stated, passed_over, content
    )


def _distinct(
    space: Space, numbers: Sequence[Sequence[int]], values: Sequence[float]
) -> tuple[Architectures, NDArray[np.float64], NDArray[np.int64]]:
    """(N, L) distinct canonical architectures, (N,) mean values, and which one each row is."""
    distinct, index = np.unique(space.of_numbers(np.array(numbers)), axis=0, return_inverse=True)
    index = index.reshape(-1)
    return distinct, np.bincount(index, np.array(values)) / np.bincount(index), index


def _content(architectures: Architectures, accuracies: NDArray[np.float64]) -> str:
    text = " ".join(f"{value:.9f}" for value in accuracies)
    return digest(architectures.tobytes() + text.encode())


def _at_one(rows: "list[_Row]", resolution: int, path: Path) -> "list[_Row]":
    """The rows of one resolution, that of the space if there are several."""
    stated = {row.stated.resolution for row in rows}
    if len(stated) <= 1:
        return rows
    here = [row for row in rows if row.stated.resolution == resolution]
    if not here:
        known = sorted(one for one in stated if one is not None)
        raise AccuracyError(
            f"{path} has accuracies at {' and '.join(map(str, known))} pixels and none at "
            f"{resolution}; keep the rows of one resolution, or set resolution to one of them"
        )
    return here


def _of_same_images(rows: "list[_Row]", path: Path) -> Stated:
    """What all rows state; of resolutions that differ, none."""
    stated = {row.stated for row in rows}
    images = sorted({one.images or "images that it does not name" for one in stated})
    if len(images) > 1:
        raise AccuracyError(
            f"{path} has accuracies of {' and '.join(map(shown, images[:3]))}; keep the rows of "
            "one set of images"
        )
    resolutions = {one.resolution for one in stated}
    if len(resolutions) > 1:
        return Stated(None, stated.pop().images)
    return stated.pop() if stated else NOTHING


def _trainings(
    choices: list[list[int]], values: list[float], index: list[int]
) -> NDArray[np.float64]:
    """`KnownAccuracies.trainings` (N, R); `index` says which network a row is of."""
    spelled: list[dict[tuple[int, ...], list[float]]] = [{} for _ in range(max(index) + 1)]
    for row, value, network in zip(choices, values, index, strict=True):
        spelled[network].setdefault(tuple(row), []).append(value)
    most = [max(each.values(), key=len) for each in spelled]
    runs = np.full((len(most), max(map(len, most))), np.nan)
    for place, some in enumerate(most):
        runs[place, : len(some)] = some
    return runs


@dataclass(frozen=True)
class _Row:
    source: str
    line: int
    architecture: str
    accuracy: str
    decimal_comma: bool
    stated: Stated

    def error(self, column: str, problem: str) -> AccuracyError:
        return AccuracyError(f"{self.source} line {self.line}, column {column}: {problem}")

    def numbers(self, space: Space) -> list[int]:
        try:
            row = read_numbers(space, self.architecture)
        except ValueError as error:
            raise self.error("architecture", str(error)) from error
        own, stated = whole_of(space).member(np.array(row)).resolution, self.stated.resolution
        if len(space.resolutions) > 1 and stated not in (None, own):
            raise self.error(
                "architecture",
                f"it is at {own} pixels by its first number, and the row states {stated}; write "
                "the one that was measured",
            )
        return row

    def percent(self) -> float:
        written = self.accuracy.replace(",", ".") if self.decimal_comma else self.accuracy
        value = float(written) if _NUMBER.fullmatch(written) else math.nan
        if not 0 <= value <= 100:
            raise self.error(
                "accuracy",
                f"'{self.accuracy}' is not a percentage; write it from 0 to 100, like 92.5",
            )
        return value


def _rows(text: str, source: str, stated: Stated) -> Iterator[_Row]:
    separator = separator_of(text)
    records = csv_records(text, separator, source, AccuracyError)
    line, header = next(records, (1, []))
    for name in COLUMNS:
        if header.count(name) != 1:
            have = "twice" if name in header else f"missing (there are: {', '.join(header) or '–'})"
            raise AccuracyError(
                f"{source} line {line}: the column '{name}' is {have}; the first line names the "
                "columns, 'architecture' and 'accuracy' once each"
            )
    architecture, accuracy = (header.index(name) for name in COLUMNS)
    columns = {key: header.index(key) for key in KEYS if key in header}
    for number, cells in records:
        if any(cells[len(header) :]):
            raise AccuracyError(
                f"{source} line {number} has {len(cells)} values for {len(header)} columns; write "
                "numbers with a decimal point, and texts with commas in quotes"
            )
        padded = cells + [""] * len(header)
        own = read_stated({k: padded[at] for k, at in columns.items()}, f"{source} line {number}")
        yield _Row(
            source,
            number,
            padded[architecture],
            padded[accuracy],
            separator != ",",
            Stated(own.resolution or stated.resolution, own.images or stated.images),
        )
