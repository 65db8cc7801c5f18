"""Image files → pixels, by all cores; whatever is odd about a file is dealt with here."""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps

from hwnas.core.cpus import usable_cpus
from hwnas.data.dataset import Images
from hwnas.data.file_types import FORMATS, open_regular

# Goes up when `decode_file` gives other pixels than before. Pillow's version is in it, since
# decoders and the resize are Pillow's.
DECODING = f"2 pillow {PIL.__version__}"
# A task of one small image costs as much as the image.
_TOGETHER = 32
# Pillow's own readers take a file apart in Python, piece by piece. A large photo has some 10,000
# pieces; a file of millions of empty ones would keep them busy for minutes.
_MOST_READS = 100_000
# Of colours with 16 bits Pillow keeps the upper 8: with fewer bits in use, too little is left.
_LEAST_COLOUR_BITS = 13
_SHORT = 8
FULL_BITS = 16
# Pillow's modules that read `FORMATS`.
_PLUGINS = ("Avif", "Bmp", "Gif", "Jpeg", "Jpeg2K", "Png", "Ppm", "Tga", "Tiff", "WebP")

Sink = Callable[[int, "Decoded"], None]
"""Called from any thread with the index of an image and the image."""


@dataclass(frozen=True)
class Decoded:
    """An image as (3, R, R) uint8 RGB.

    Attributes:
        pixels: the image.
        bits: of a file with more than 8 bits a channel, how many its brightest pixel uses; it is
            what became 8 bits. 0 for other files.
    """

    pixels: Images
    bits: int = 0

    def of_dataset(self, bits: int) -> Images:
        """The pixels as in a dataset whose files of more than 8 bits a channel use `bits` bits."""
        return darkened(self.pixels, max(0, bits - self.bits)) if self.bits else self.pixels


def decode_image(path: Path, resolution: int, bits: int = FULL_BITS) -> Images:
    """The pixels of one image file, see `decode_file`, as those of a dataset are.

    Args:
        path: the file.
        resolution: R, in pixels.
        bits: of files with more than 8 bits a channel, how many the brightest pixel of the whole
            dataset uses.
    """
    return decode_file(path, resolution).of_dataset(bits)


def darkened(pixels: Images, bits: int) -> Images:
    """Pixels without so many of their lowest bits."""
    return np.right_shift(pixels, np.uint8(min(bits, _SHORT)), dtype=np.uint8)


def decode_file(source: Path | io.BytesIO, resolution: int) -> Decoded:
    """One image file, or its content, as RGB, upright, its centre square.

    Raises:
        Exception: whatever Pillow raises for a file that is not a whole image.
    """
    with _Reader(source) as file, Image.open(file, formats=_formats()) as opened:
        # A JPEG is decoded at 1/2, 1/4 or 1/8 of its size while that is still twice what is
        # needed: several times faster, and the resize below still has pixels to average.
        opened.draft(None, (2 * resolution, 2 * resolution))
        deep_colours = _has_deep_colours(opened)
        upright = ImageOps.exif_transpose(opened)
        rgb, bits = _deep_colours(upright) if deep_colours else _to_rgb(upright)
        image = ImageOps.fit(rgb, (resolution, resolution), Image.Resampling.BILINEAR)
    return Decoded(np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1)), bits)


@cache
def _formats() -> tuple[str, ...]:
    """Those that this Pillow was built with."""
    for name in _PLUGINS:  # Image.init() would import 36 others, which takes as long as ten photos
        with suppress(ImportError):
            import_module(f"PIL.{name}ImagePlugin")
    return tuple(name for name in FORMATS if name in Image.OPEN)


class _Reader(io.BufferedReader):
    """A regular file, or its content, whose readers may not ask for ever more pieces."""

    def __init__(self, source: Path | io.BytesIO) -> None:
        if isinstance(source, io.BytesIO):
            super().__init__(source)
        else:
            super().__init__(io.FileIO(open_regular(source), "rb"))
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads += 1
        if self._reads > _MOST_READS:
            raise ValueError(f"made of more than {_MOST_READS:,} pieces")
        return super().read(size)


def _to_rgb(image: Image.Image) -> tuple[Image.Image, int]:
    """An image as RGB, and the bits in use where it has more than 8 of grey."""
    if image.mode.startswith("F"):
        raise ValueError("decimal numbers, whose range is not known; save it with 8 or 16 bits")
    if image.mode.startswith("I"):  # which convert() would cut off at 255
        deep = np.asarray(image).astype(np.int64)
        if deep.min() < 0:
            raise ValueError("negative pixels; save it with 8 or 16 bits")
        bits = max(_SHORT, int(deep.max()).bit_length())
        return Image.fromarray((deep >> (bits - _SHORT)).astype(np.uint8)).convert("RGB"), bits
    if image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(canvas, image.convert("RGBA")).convert("RGB"), 0
    return image.convert("RGB"), 0


def _has_deep_colours(image: Image.Image) -> bool:
    """Whether a file has 16 bits of each colour, the upper 8 of which Pillow reads."""
    return any(
        ";16" in str(argument)
        for tile in getattr(image, "tile", ())
        for argument in (tile.args if isinstance(tile.args, tuple) else (tile.args,))
    ) and not image.mode.startswith(("I", "F"))


def _deep_colours(image: Image.Image) -> tuple[Image.Image, int]:
    """The same of 16 bits a colour; where it is transparent, 16 bits count as in use."""
    transparent = image.has_transparency_data
    colours = np.asarray(image.convert("RGBA" if transparent else "RGB"))[..., :3]
    bits = _SHORT + int(colours.max()).bit_length()
    if bits < _LEAST_COLOUR_BITS:
        raise ValueError(
            f"16 bits a colour, of which it uses {bits} or fewer, and only the upper 8 can be "
            "read: save it with 8 bits"
        )
    if transparent:
        return _to_rgb(image)[0], FULL_BITS
    return Image.fromarray(colours << (FULL_BITS - bits)), bits


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
        sink: takes the images; an OSError of its own ends the decoding.
        decoded: called now and then, from this thread, with the indices that are in the sink.

    Returns:
        For each file that could not be read, why.

    Raises:
        MemoryError: there is not enough for an image.
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
    with _pillow_warnings():
        pool = ThreadPoolExecutor(min(16, usable_cpus()))
        try:
            for done in pool.map(some, parts):
                if decoded is not None:
                    decoded(done)
        finally:
            pool.shutdown(cancel_futures=True)  # Ctrl-C does not wait for the other images
    return unreadable


def decode_content(content: bytes, resolution: int) -> Decoded | str:
    """The content of one image file, see `decode_file`; why it cannot be read where it cannot."""
    with _pillow_warnings():
        return _attempt(io.BytesIO(content), resolution)


@contextmanager
def _pillow_warnings() -> Iterator[None]:
    """What Pillow warns of while it decodes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # odd metadata around good pixels
        # More than 89 million pixels: hundreds of MB a thread.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _attempt(source: Path | io.BytesIO, resolution: int) -> Decoded | str:
    try:
        return decode_file(source, resolution)
    except MemoryError:  # which says nothing of the file
        raise
    # Pillow's decoders raise a dozen kinds of errors for damaged files, none documented.
    except Exception as error:
        # Pillow names the object that it read from, which means nothing to a person.
        return re.sub(r" <.*>$", "", str(error).split("\n")[0]) or type(error).__name__
