"""Which files are images: by their suffix, or by their first bytes where that says nothing."""

import os
import stat
from pathlib import PurePath

FORMATS = ("JPEG", "PNG", "BMP", "DIB", "WEBP", "GIF", "TIFF", "PPM", "TGA", "JPEG2000", "AVIF")
"""What Pillow may take a file for: pictures of pixels, which its own decoders read. (Of an EPS it
would run another program.)"""
SUFFIXES = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".jif",
        ".mpo",
        ".png",
        ".apng",
        ".bmp",
        ".dib",
        ".webp",
        ".gif",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".pfm",
        ".tga",
        ".jp2",
        ".j2k",
        ".jpx",
        ".avif",
    }
)
# What lies beside images by the thousand and is not looked into.
_NO_IMAGES = frozenset(
    {
        ".txt",
        ".json",
        ".xml",
        ".csv",
        ".tsv",
        ".yaml",
        ".yml",
        ".md",
        ".html",
        ".pdf",
        ".py",
        ".npy",
        ".npz",
        ".zip",
        ".gz",
        ".tar",
        ".db",
        ".ini",
        ".log",
        ".mp4",
        ".mov",
        ".avi",
    }
)
_FIRST_BYTES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",
)


class NotRegularError(OSError):
    """A pipe, a socket, a device or a folder in place of a file."""


def open_regular(path: str | os.PathLike[str]) -> int:
    """A descriptor of a regular file; nothing is waited for, whatever the path is.

    Raises:
        OSError: it cannot be opened.
        NotRegularError: it is something else.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegularError("not a regular file")
    return descriptor


def is_image(path: str, *, named_only: bool = False) -> bool:
    """Whether a file is to be read as an image.

    Args:
        path: of a regular file.
        named_only: go by its name alone.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix in SUFFIXES:
        return True
    return not named_only and suffix not in _NO_IMAGES and _begins_as_image(path)


def _begins_as_image(path: str) -> bool:
    try:
        descriptor = open_regular(path)
    except OSError:
        return False
    try:
        start = os.read(descriptor, 16)
    finally:
        os.close(descriptor)
    if start[:4] == b"RIFF":
        return start[8:12] == b"WEBP"
    if start[:2] == b"BM":
        return start[6:10] == bytes(4)
    if start[4:8] == b"ftyp":
        return start[8:12] in (b"avif", b"avis")
    portable = start[:1] == b"P" and start[1:2] in b"123456" and start[2:3].isspace()
    return portable or start.startswith(_FIRST_BYTES)
