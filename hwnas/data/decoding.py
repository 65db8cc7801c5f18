"""Image files → pixels, by all cores; whatever is odd about a file is dealt with here."""

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps

from hwnas.data.dataset import Images

# Goes up when `decode_image` gives other pixels than before. Pillow's version is in it, since
# decoders and the resize are Pillow's.
DECODING = f"1 pillow {PIL.__version__}"
# A task of one small image costs as much as the image.
_TOGETHER = 32

Sink = Callable[[int, Images], None]
"""Called from any thread with the index of an image and its pixels (3, R, R)."""


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


def decode_all(
    root: Path,
    names: Sequence[str],
    resolution: int,
    sink: Sink,
    decoded: Callable[[Sequence[int]], None] | None = None,
) -> dict[str, str]:
    """Decodes image files with as many threads as there are cores (at most 16).

    Pillow lets go of Python's lock while it decodes and resizes.

    Args:
        root: the folder that names are relative to.
        names: the files.
        resolution: R, in pixels.
        sink: takes the pixels; an OSError of its own ends the decoding.
        decoded: called now and then, from this thread, with the indices that are in the sink.

    Returns:
        For each file that could not be read, why.
    """
    unreadable: dict[str, str] = {}

    def some(indices: range) -> list[int]:
        done = []
        for index in indices:
            image = _attempt(root / names[index], resolution)
            if isinstance(image, str):
                unreadable[names[index]] = image
            else:
                sink(index, image)
                done.append(index)
        return done

    parts = [
        range(start, min(start + _TOGETHER, len(names)))
        for start in range(0, len(names), _TOGETHER)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # odd metadata around good pixels
        # More than 89 million pixels: hundreds of MB a thread.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        pool = ThreadPoolExecutor(min(16, len(os.sched_getaffinity(0))))
        try:
            for done in pool.map(some, parts):
                if decoded is not None:
                    decoded(done)
        finally:
            pool.shutdown(cancel_futures=True)  # Ctrl-C does not wait for the other images
    return unreadable


def _attempt(path: Path, resolution: int) -> Images | str:
    try:
        return decode_image(path, resolution)
    # Pillow's decoders raise a dozen kinds of errors for damaged files, none documented.
    except Exception as error:
        return str(error).split("\n")[0] or type(error).__name__
