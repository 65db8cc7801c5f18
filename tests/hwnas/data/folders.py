"""Folders of images for tests."""

from pathlib import Path

import numpy as np
from PIL import Image

from hwnas.data import ImageDataset


def picture(
    path: Path,
    colour: tuple[int, int, int] = (200, 30, 30),
    size: tuple[int, int] = (24, 24),
    mode: str = "RGB",
    **options: object,
) -> Path:
    """An image file of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path, **options)
    return path


def make(root: Path, **sizes: int) -> Path:
    """A folder with so many images of each class, no two of a class alike."""
    for label, count in sizes.items():
        for index in range(count):
            picture(root / label / f"{index}.png", (index * 5 % 256, index // 51, len(label)))
    return root


def damaged(root: Path) -> Path:
    """Two classes of 12 whole images each, and six files that are none."""
    make(root, cat=12, dog=12)
    (root / "cat" / "text.jpg").write_text("this is not an image")
    (root / "cat" / "empty.png").write_bytes(b"")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for suffix in ("jpg", "png", "webp", "gif"):
        path = root / "dog" / f"cut.{suffix}"
        Image.fromarray(noise).save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return root


def sizes(data: ImageDataset) -> list[int]:
    """Images in training, validation and test."""
    return [len(part) for part in (data.train, data.validation, data.test)]
