"""Balance: how many images the classes of a dataset have, and when that is worth a word."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hwnas.data.dataset import ImageDataset

NOTABLE_RATIO = 3.0
"""From here on imbalance is reported: of two classes, one is three quarters of all images."""
FEW = 20
"""Images of a class below which its accuracy means nothing: at most 3 of them are tested."""


@dataclass(frozen=True)
class Balance:
    """The classes with the most and the fewest images, of all splits together.

    Attributes:
        classes: how many there are.
        largest: the class with the most images, and `largest_images` how many.
        smallest: the class with the fewest, and `smallest_images` how many.
        ratio: of the two.
        few: the classes with fewer than `FEW` images, fewest first.
        always_largest: the accuracy in percent on the test images of answering `largest` always.
    """

    classes: int
    largest: str
    largest_images: int
    smallest: str
    smallest_images: int
    ratio: float
    few: tuple[str, ...]
    always_largest: float

    @property
    def notable(self) -> bool:
        """Whether classes differ enough for a person to know."""
        return self.ratio >= NOTABLE_RATIO

    def sentences(self) -> list[str]:
        """What a person should know, one sentence each; none for balanced, full classes."""
        sentences = []
        if self.notable:
            sentences.append(
                f"imbalanced: {self.largest_images:,} images of '{self.largest}' and "
                f"{self.smallest_images:,} of '{self.smallest}', {self.ratio:.3g} to 1; answering "
                f"'{self.largest}' always would be right on {self.always_largest:.1f} % of the "
                "test images"
            )
        if self.few:
            first = ", ".join(f"'{name}'" for name in self.few[:3])
            sentences.append(
                f"classes with fewer than {FEW} images: {len(self.few):,} of {self.classes:,}, "
                f"such as {first}; what is learnt and tested of them says little"
            )
        return sentences

    def to_dict(self) -> dict[str, Any]:
        """For a JSON document; of `few`, how many there are."""
        return {**asdict(self), "few": len(self.few), "ratio": round(self.ratio, 3)}


def balance_of(dataset: ImageDataset) -> Balance:
    """Counts the images of each class; a class without any counts as one of 0."""
    splits = (dataset.train, dataset.validation, dataset.test)
    counts = sum(np.bincount(split.labels, minlength=dataset.classes) for split in splits)
    sizes = np.asarray(counts)
    most, least = int(sizes.argmax()), int(sizes.argmin())
    order = np.argsort(sizes, kind="stable")
    return Balance(
        classes=dataset.classes,
        largest=dataset.class_names[most],
        largest_images=int(sizes[most]),
        smallest=dataset.class_names[least],
        smallest_images=int(sizes[least]),
        ratio=float(sizes[most] / max(1, sizes[least])),
        few=tuple(dataset.class_names[index] for index in order if sizes[index] < FEW),
        always_largest=100 * float(np.mean(dataset.test.labels == most)),
    )
