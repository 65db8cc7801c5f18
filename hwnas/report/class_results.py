"""How an exported winner answers, class by class, and pictures that it was surely wrong on."""

import base64
import io
import json
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import HwnasError
from hwnas.data import ImageDataset
from hwnas.data.dataset import Images
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.mistakes import Mistakes, Wrong, read_mistakes

_SIDE, _QUALITY = 112, 80
SHOWN = 12
"""So many pictures the page shows."""


@dataclass(frozen=True)
class ClassResults:
    """The test images by their class and by the class that the winner took them for.

    Attributes:
        names: of the classes, in the order of their numbers.
        counts: (classes, classes) images: a row a class, a column an answer.
        wrong: answers that were surely wrong, the surest first.
        pictures: of these, as data URIs; empty where the images cannot be read.
        missing: why there are no pictures, a sentence; "" where there are.
        resolution: of the images in pixels, as the network gets them.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    wrong: tuple[Wrong, ...] = ()
    pictures: list[str] = field(default_factory=list)
    missing: str = ""
    resolution: int = 0


def class_results(experiment: Experiment, folder: RunFolder) -> ClassResults | None:
    """What the winner's `verification.json` says of classes; None of an earlier version's.

    Raises:
        RunError: that file is damaged.
    """
    export = folder.export_folder("winner")
    mistakes = read_mistakes(export / "verification.json")
    if mistakes is None:
        return None
    names, resolution = _config(folder)
    largest = max((max(label, answer) for label, answer, _ in mistakes.counts), default=0)
    names = (*names, *(f"class {i}" for i in range(len(names), largest + 1)))
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    for label, answer, count in mistakes.counts:
        counts[label, answer] = count
    wrong = tuple(one for one in mistakes.wrong if max(one.label, one.answer) < len(names))[:SHOWN]
    pictures, missing = _pictures(experiment, mistakes, wrong, resolution) if wrong else ([], "")
    return ClassResults(names, counts, wrong, pictures, missing, resolution)


def _config(folder: RunFolder) -> tuple[tuple[str, ...], int]:
    """The names of the classes and the winner's resolution."""
    try:
        content = json.loads((folder.export_folder("winner") / "config.json").read_bytes())
        names, resolution = content["class_names"], content["resolution"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return (), 0
    known = isinstance(names, list) and isinstance(resolution, int)
    return (tuple(map(str, names)), resolution) if known else ((), 0)


def _pictures(
    experiment: Experiment, mistakes: Mistakes, wrong: tuple[Wrong, ...], resolution: int
) -> tuple[list[str], str]:
    """Pictures of wrong answers, or why there are none."""
    try:
        dataset = _images(experiment, resolution)
    except HwnasError as error:
        return [], f"The images themselves cannot be shown: {error}."
    split = dataset.test
    if split.digest != mistakes.images or max(one.image for one in wrong) >= len(split):
        return [], "The images themselves are not shown: those of the run are not there any more."
    return [picture(split.images[one.image]) for one in wrong], ""


def _images(experiment: Experiment, resolution: int) -> ImageDataset:
    known = resolution in experiment.space.resolutions
    return experiment.dataset_at(resolution) if known else experiment.dataset


def picture(pixels: Images) -> str:
    """An image (3, R, R) as a small data URI."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    if max(image.size) > _SIDE:
        image.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
