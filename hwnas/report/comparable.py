"""Which runs can be compared: those whose accuracies mean the same.

Latencies may be of different devices, or of one device in different precisions: that is a question
that people ask, and the comparison says that it is one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hwnas.core.errors import RunError
from hwnas.core.foreign_text import shown
from hwnas.devices.device import Fingerprint
from hwnas.objectives.statistics.intervals import Interval, wilson
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.searching import RunSearch, search_result
from hwnas.runs.stored_summary import stored_summary
from hwnas.runs.summary_form import Summary
from hwnas.search.journal import Journal
from hwnas.spaces import SearchSpace, Space
from hwnas.spaces.shrunk import whole_of


@dataclass(frozen=True)
class Shipped:
    """The winner that a run exported.

    Attributes:
        measured_ms: of the exported file; None where it was not measured.
        accuracy: of the exported file, in its precision, on the test images, in %.
        images: how many these are.
        id: of the network; "" in exports of earlier versions.
    """

    measured_ms: float | None
    accuracy: float
    images: int
    id: str = ""

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the accuracy, in %."""
        return wilson(self.accuracy, self.images)


@dataclass(frozen=True)
class Searched:
    """A run that was searched to its end.

    Attributes:
        name: its folder, as it was named.
        experiment: by the run's own config.
        result: what its journal holds.
        bound: what the journal is tied to: the images, the supernet.
        fingerprint: of the device that its latencies are of.
        shipped: the winner of its present front, None where none was exported.
    """

    name: str
    experiment: Experiment
    result: RunSearch
    bound: dict[str, str]
    fingerprint: Fingerprint | None
    shipped: Shipped | None = None

    @property
    def device(self) -> str:
        """As in "pi, int8"."""
        precision = self.fingerprint.precision if self.fingerprint else None
        name = self.experiment.device.name
        return f"{shown(name)}, {precision}" if precision else shown(name)


def read_searched(experiment: Experiment, folder: RunFolder) -> Searched:
    """Reads a run.

    Raises:
        RunError, TableError: it was not searched to its end, or its table is gone.
    """
    folder.check_searched()
    problem = experiment.problem(experiment.stored_latency_model())
    result = search_result(experiment, folder, problem)
    with Journal(folder.journal_file, reading=True) as journal:
        bound = journal.bindings()
    fingerprint = experiment.latency_fingerprint
    shipped = _shipped(stored_summary(folder, result))
    return Searched(str(folder.path), experiment, result, bound, fingerprint, shipped)


def _shipped(summary: Summary | None) -> Shipped | None:
    if summary is None:
        return None
    winner = summary.winner
    return Shipped(winner.measured_ms, winner.accuracy, summary.test_images, winner.id)


def check_comparable(runs: Sequence[Searched]) -> None:
    """Refuses runs whose figures do not mean the same.

    Raises:
        RunError: names two runs and the key in which they differ.
    """
    first = runs[0]
    for other in runs[1:]:
        difference = next(_differences(first, other), None)
        if difference is not None:
            raise RunError(
                f"{other.name} cannot be compared with {first.name}: {difference}; name runs of "
                "one space, resolution, classes, and images or file of accuracies"
            )


def _differences(first: Searched, other: Searched) -> Iterator[str]:
    one, two = first.experiment, other.experiment
    # Of the same space some choices may be gone in one of them.
    space, its = whole_of(one.space), whole_of(two.space)
    yield from _difference("space", space.name, its.name)
    yield from _difference("resolution", _pixels(space), _pixels(its))
    yield from _difference("classes", space.classes, its.classes)
    if _unnamed(space) != _unnamed(its):
        there, here = one.config.space_name, two.config.space_name
        yield f"space is {there!r} there and {here!r} here, with other blocks"
    # The supernet may differ: with the same validation images both accuracies mean the same.
    if _images(first) != _images(other):
        yield from _difference("images", _images_text(first), _images_text(other))
    compared = {"space", "supernet", "images", "scores"}
    for key in sorted((first.bound.keys() | other.bound.keys()) - compared):
        yield from _difference(key, first.bound.get(key), other.bound.get(key))


def _pixels(space: Space) -> int | tuple[int, ...]:
    return space.resolutions if len(space.resolutions) > 1 else space.largest_resolution


def _unnamed(space: Space) -> list[SearchSpace]:
    """The members without the name of their reference."""
    return [replace(member, reference=None) for member in space.members]


def _images(run: Searched) -> str | None:
    """The identity of a run's images, wherever they are."""
    data = run.experiment.config.data
    return run.bound.get("images", data.source if data else None)


def _images_text(run: Searched) -> str:
    data = run.experiment.config.data
    return f"{data.source} ({run.bound.get('images')})" if data else "none"


def _difference(key: str, there: Any, here: Any) -> Iterator[str]:
    if there != here:
        yield f"{key} is {there!r} there and {here!r} here"
