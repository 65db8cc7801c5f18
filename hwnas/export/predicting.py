"""What an exported network sees in image files: classes and their probabilities."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwnas.data.dataset import Images
from hwnas.data.decoding import Decoded, decode_all, decode_content
from hwnas.export.classifier import TOGETHER, Classifier

STDIN = "-"
"""The name of standard input in place of a file's."""


@dataclass(frozen=True)
class Seen:
    """One image.

    Attributes:
        image: the name of its file.
        classes: names and probabilities of its likeliest classes, the likeliest first.
        problem: why it cannot be read; "" where it can.
    """

    image: str
    classes: Sequence[tuple[str, float]] = ()
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        if self.problem:
            return {"image": self.image, "error": self.problem}
        classes = [{"class": name, "probability": float(f"{p:.6g}")} for name, p in self.classes]
        return {"image": self.image, "classes": classes}


def predictions(
    classifier: Classifier, files: Sequence[str], top: int, stdin: Callable[[], bytes]
) -> Iterator[Seen]:
    """What is seen in each file, as soon as it is known.

    Args:
        classifier: the network.
        files: their names, `STDIN` for what `stdin` gives.
        top: how many classes to tell of each image.
        stdin: reads standard input.

    Raises:
        ConfigError: the files of the export do not belong together.
    """
    names = classifier.described.class_names
    for start in range(0, len(files), TOGETHER):
        some = files[start : start + TOGETHER]
        pixels, problems = _decoded(classifier, some, stdin)
        rows = iter(list(classifier.probabilities(np.stack(pixels))) if pixels else [])
        for file in some:
            if file in problems:
                yield Seen(file, problem=problems[file])
                continue
            row = next(rows)
            likeliest = np.argsort(-row, kind="stable")[:top].tolist()
            yield Seen(file, tuple((names[index], float(row[index])) for index in likeliest))


def _decoded(
    classifier: Classifier, files: Sequence[str], stdin: Callable[[], bytes]
) -> tuple[list[Images], dict[str, str]]:
    """The pixels of the files that can be read, in their order, and why the others cannot be."""
    size, bits = classifier.described.resolution, classifier.described.deep_bits
    stored = [file for file in files if file != STDIN]
    found: dict[str, Decoded] = {}

    def keep(index: int, image: Decoded) -> None:
        found[stored[index]] = image

    problems = decode_all(Path(), stored, size, keep)
    if STDIN in files:
        content = stdin()
        image = decode_content(content, size) if content else "nothing came on standard input"
        if isinstance(image, str):
            problems[STDIN] = image
        else:
            found[STDIN] = image
    return [found[file].of_dataset(bits) for file in files if file in found], problems
