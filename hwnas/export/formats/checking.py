"""Does a file of some format compute what PyTorch does?"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwnas.export.formats.format import Built, Format, Images, Logits, Trained
from hwnas.export.verification import MOST_DIFFERENCE, module_logits

# Of a logit, relative to the largest (of logits beyond 1): more is another network. Half precision
# and integers round in every layer; what that costs is told by the accuracy.
_MOST = {"fp32": MOST_DIFFERENCE, "fp16": 0.1, "int8": 0.5}


@dataclass(frozen=True)
class Check:
    """A file beside PyTorch.

    Attributes:
        max_abs_diff: the largest difference of a logit, on validation images.
        same_top1: on how many of them both choose the same class, in %.
        accuracy: of the file on the test images, in %; None where it was tried on a few alone.
        problem: why it is another network, a sentence; "" where it is the same.
    """

    max_abs_diff: float
    same_top1: float
    accuracy: float | None
    problem: str = ""

    @property
    def verified(self) -> bool:
        """Whether it computes what PyTorch does, as near as its precision allows."""
        return not self.problem


def expected_logits(trained: Trained) -> Logits:
    """What PyTorch computes of the validation images."""
    return module_logits(trained.module, trained.dataset.validation.images)


def check_format(
    made: Format, folder: Path, built: Built, trained: Trained, expected: Logits
) -> Check:
    """Runs what was built on validation and test images.

    Args:
        made: the format.
        folder: holds its files.
        built: the files.
        trained: what they were made of.
        expected: see `expected_logits`.

    Raises:
        HwnasError: they cannot be run.
    """
    most = made.most_images
    validation, test = trained.dataset.validation.images[:most], trained.dataset.test

    def run(images: Images) -> Logits:
        return made.logits(folder, built, trained, images)

    found, known = run(validation), expected[:most]
    difference = float(np.abs(found - known).max())
    allowed = _MOST[built.precision] * max(1.0, float(np.abs(known).max()))
    problem = ""
    if not difference <= allowed:
        problem = (
            f"not shipped: its logits differ from PyTorch's by {difference:.2g} (allowed: "
            f"{allowed:.2g})"
        )
    accuracy = None
    if most is None and not problem:
        accuracy = 100 * float((run(test.images).argmax(axis=1) == test.labels).mean())
    same = 100 * float((found.argmax(axis=1) == known.argmax(axis=1)).mean())
    return Check(difference, same, accuracy, problem)
