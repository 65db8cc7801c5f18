"""The built-in images: scikit-learn's handwritten digits, which need no download."""

import numpy as np
from PIL import Image

from hwnas.data.dataset import ImageDataset, Images, Split
from hwnas.data.splitting import split_names


class Digits:
    """The digits, as `hwnas.data.entry_points.DATASETS` has them."""

    class_names = tuple("0123456789")

    def __call__(self, *, resolution: int, limit: int | None, strict: bool) -> ImageDataset:
        """The digits of `load_digits`; none of them is unreadable."""
        del strict
        return load_digits(resolution, limit)


DIGITS = Digits()


def load_digits(resolution: int, limit: int | None = None) -> ImageDataset:
    """1,797 handwritten digits of 8×8 pixels, enlarged to a resolution.

    (E. Alpaydin and C. Kaynak, 1998, https://doi.org/10.24432/C50P49.)

    Raises:
        DataError: the limit is below 3 images a class.
    """
    from sklearn.datasets import load_digits as load

    source = load()
    pixels = np.round(source.images * (255 / 16)).astype(np.uint8)
    labels = source.target.astype(np.int64)
    names = [f"{label}/{index:04d}" for index, label in enumerate(labels)]
    classes = {str(digit): [n for n in names if n[0] == str(digit)] for digit in range(10)}

    def split(chosen: list[str]) -> Split:
        indices = [int(name[2:]) for name in chosen]
        images = np.stack([_enlarge(pixels[index], resolution) for index in indices])
        return Split(images, labels[indices])

    train, validation, test = map(split, split_names(classes, limit))
    return ImageDataset("digits", tuple(classes), train, validation, test)


def _enlarge(pixels: Images, resolution: int) -> Images:
    image = Image.fromarray(pixels).resize((resolution, resolution), Image.Resampling.BILINEAR)
    return np.repeat(np.asarray(image)[None], 3, axis=0)
