"""A folder of a person's own images: one folder for each class."""

import os
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from devices.errors import DataError
from hwnas.data.dataset import ImageDataset, Images, Split
from hwnas.data.folder_layout import find_classes
from hwnas.data.splitting import LEAST_IN_CLASS, Names, split_names


def load_image_folder(
    folder: str, resolution: int, *, strict: bool = False, limit: int | None = None
) -> ImageDataset:
    """The images of `<folder>/<class>/<name>.jpg`, classes in the order of their names.

    Args:
        folder: the path; jpg, jpeg, png, bmp, webp and gif files of any size are taken.
        resolution: the shorter side is resized to it, then the centre is cropped.
        strict: refuse unreadable images instead of leaving them out.
        limit: take at most this many images, see `load_dataset`.

    Raises:
        DataError: a folder that cannot be used, or an unreadable image when `strict`.
    """
    root = Path(folder)
    classes = find_classes(root)
    decoded: dict[str, Images] = {}
    skipped: list[str] = []
    while True:
        names = split_names(classes, limit)
        wanted = [name for part in names for name in part if name not in decoded]
        unreadable = _decode(root, wanted, resolution, decoded)
        if not unreadable:
            break
        if strict:
            name, reason = min(unreadable.items())
            raise DataError(f"cannot read the image {root / name} ({reason}); mend or delete it")
        # Split again as if these files were not there: another file may now be needed.
        skipped += unreadable
        classes = {
            label: [name for name in files if name not in unreadable]
            for label, files in classes.items()
        }
        _check_enough(root, classes, skipped)
    label_of = {name: i for i, files in enumerate(classes.values()) for name in files}
    train, validation, test = _splits(names, decoded, label_of, resolution)
    label = root.resolve().name
    return ImageDataset(label, tuple(classes), train, validation, test, tuple(sorted(skipped)))


def decode_image(path: Path, resolution: int) -> Images:
    """One image file as (3, R, R) uint8 RGB, upright, its centre square.

    Raises:
        Exception: whatever Pillow raises for a file that is not a whole image.
    """
    with Image.open(path) as opened:
        # A JPEG is decoded at 1/2, 1/4 or 1/8 of its size while that is still twice what is
        # needed: several times faster, and the resize below still has pixels to average.
        opened.draft(None, (2 * resolution, 2 * resolution))
        upright = ImageOps.exif_transpose(opened)
        image = ImageOps.fit(_to_rgb(upright), (resolution, resolution), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel, which convert() would cut off at 255
        deep = np.asarray(image)
        return Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(canvas, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _decode(
    root: Path, names: Iterable[str], resolution: int, decoded: dict[str, Images]
) -> dict[str, str]:
    """Decodes into `decoded`; returns why, for each file that could not be."""

    def attempt(name: str) -> tuple[str, Images | str]:
        try:
            return name, decode_image(root / name, resolution)
        # Pillow's decoders raise a dozen kinds of errors for damaged files, none documented.
        except Exception as error:
            return name, str(error).split("\n")[0] or type(error).__name__

    unreadable: dict[str, str] = {}
    workers = min(16, os.cpu_count() or 1)
    with warnings.catch_warnings(), ThreadPoolExecutor(workers) as pool:
        warnings.simplefilter("ignore", UserWarning)  # odd metadata around good pixels
        # More than 89 million pixels: hundreds of MB a thread.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for name, result in pool.map(attempt, names):
            if isinstance(result, str):
                unreadable[name] = result
            else:
                decoded[name] = result
    return unreadable


def _check_enough(root: Path, classes: dict[str, list[str]], skipped: list[str]) -> None:
    for label, files in classes.items():
        if len(files) < LEAST_IN_CLASS:
            example = next(name for name in skipped if name.startswith(f"{label}/"))
            raise DataError(
                f"the class '{label}' in {root} has {len(files)} readable images and needs "
                f"{LEAST_IN_CLASS}; unreadable is, for example, {root / example}"
            )


def _splits(
    names: Names, decoded: dict[str, Images], label_of: dict[str, int], resolution: int
) -> list[Split]:
    splits = []
    for part in names:
        images = np.empty((len(part), 3, resolution, resolution), np.uint8)
        for index, name in enumerate(part):
            images[index] = decoded.pop(name)  # popped, so that memory is needed once
        splits.append(Split(images, np.array([label_of[name] for name in part], np.int64)))
    return splits
