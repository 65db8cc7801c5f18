"""Tracker: what a program that keeps runs is given of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Point:
    """A value of a curve after a step of a training; `time` is in seconds since 1970."""

    name: str
    step: int
    value: float
    time: float


@dataclass(frozen=True)
class Tracked:
    """What a run holds so far.

    Attributes:
        name: of the run.
        parameters: the resolved config, by dotted keys.
        curves: of its trainings, in the order in which they were written.
        figures: of the search and its front, and of the exported winner and the reference.
        front: the rows of `front.csv`, by the names of its columns.
        files: config, front, summary, report, and the files of the winner.
        search: curves of the search: the best score within the budgets after so many judged
            networks, and the learning curve of each candidate. Empty after commands that have not
            asked what the budgets are.
    """

    name: str
    parameters: Mapping[str, str]
    curves: Sequence[Point]
    figures: Mapping[str, float]
    front: Sequence[Mapping[str, str]]
    files: Sequence[Path]
    search: Sequence[Point] = ()


class Tracker(Protocol):
    """Keeps runs; one object serves one run folder.

    Attributes:
        name: in configs.
    """

    name: str

    def __init__(self, folder: Path) -> None:
        """Takes the run folder, in which it may remember what it has kept."""

    def check(self) -> None:
        """Refuses, before any work, what cannot work.

        Raises:
            ConfigError: a package is missing.
        """

    def keep(self, tracked: Tracked) -> str:
        """Keeps what a run holds now; what was kept before is not kept twice.

        Returns:
            Where a person finds it.

        Raises:
            HwnasError: it cannot be kept now.
        """
