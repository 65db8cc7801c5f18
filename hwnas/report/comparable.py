"""Which runs can be compared: those whose accuracies and latencies mean the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devices.device import Fingerprint
from devices.errors import RunError
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.journal import Journal
from hwnas.runs.searching import SearchResult, search_result


@dataclass(frozen=True)
class Searched:
    """A run that was searched to its end.

    Attributes:
        name: its folder, as it was named.
        experiment: by the run's own config.
        result: what its journal holds.
        bound: what the journal is tied to: the images, the supernet.
        fingerprint: of the device that its latencies are of.
    """

    name: str
    experiment: Experiment
    result: SearchResult
    bound: dict[str, str]
    fingerprint: Fingerprint | None


def read_searched(experiment: Experiment, folder: RunFolder) -> Searched:
    """Reads a run.

    Raises:
        RunError, TableError: it was not searched to its end, or its table is gone.
    """
    folder.check_searched()
    result = search_result(experiment, experiment.stored_latency_model(), folder)
    with Journal(folder.journal_file, reading=True) as journal:
        bound = journal.bindings()
    fingerprint = experiment.latency_fingerprint
    return Searched(str(folder.path), experiment, result, bound, fingerprint)


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
                "one space, resolution, classes, images or file of accuracies, and device"
            )


def _differences(first: Searched, other: Searched) -> Iterator[str]:
    one, two = first.experiment, other.experiment
    space, its = one.space, two.space
    yield from _difference("space", space.name, its.name)
    yield from _difference("resolution", space.resolution, its.resolution)
    yield from _difference("classes", space.classes, its.classes)
    if replace(space, reference=None) != replace(its, reference=None):
        yield f"space is {one.config.space!r} there and {two.config.space!r} here, of other blocks"
    # The supernet may differ: with the same validation images both accuracies mean the same.
    if _images(first) != _images(other):
        yield from _difference("images", _images_text(first), _images_text(other))
    for key in sorted((first.bound.keys() | other.bound.keys()) - {"supernet", "images", "origin"}):
        yield from _difference(key, first.bound.get(key), other.bound.get(key))
    if first.fingerprint and other.fingerprint:
        found = first.fingerprint.difference(other.fingerprint)
        if found:
            yield f"of the device, {found}"


def _images(run: Searched) -> str | None:
    """What tells a run's images from others, wherever they are."""
    data = run.experiment.config.data
    return run.bound.get("images", data.source if data else None)


def _images_text(run: Searched) -> str:
    data = run.experiment.config.data
    return f"{data.source} ({run.bound.get('images')})" if data else "none"


def _difference(key: str, there: Any, here: Any) -> Iterator[str]:
    if there != here:
        yield f"{key} is {there!r} there and {here!r} here"
