"""Where decoded images go, in the order of the splits: to memory, or to a file of the cache."""

import io
import os
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from hwnas.data.dataset import Images


def npy_header(count: int, resolution: int) -> bytes:
    """What a .npy file of images (count, 3, resolution, resolution) begins with."""
    header = io.BytesIO()
    shape = (count, 3, resolution, resolution)
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    return header.getvalue()


class RowSink(Protocol):
    """Takes images (3, R, R) by their row, from any thread."""

    def put(self, row: int, image: Images) -> None:
        """Stores an image.

        Raises:
            OSError: there is no room.
        """

    def get(self, row: int) -> Images:
        """An image that was stored."""

    def flush(self) -> None:
        """Makes what was stored outlast a power cut."""


class MemoryRows:
    """Images (N, 3, R, R) in memory."""

    def __init__(self, count: int, resolution: int) -> None:
        self.images: Images = np.empty((count, 3, resolution, resolution), np.uint8)

    def put(self, row: int, image: Images) -> None:
        """Stores an image."""
        self.images[row] = image

    def get(self, row: int) -> Images:
        """An image that was stored."""
        image: Images = self.images[row]
        return image

    def flush(self) -> None:
        """Nothing outlasts a process in memory."""


class FileRows:
    """Images (N, 3, R, R) as a .npy file, written in place; what was there before stays there.

    It is written by calls and not as a memory map, since a full disk ends a process that writes to
    a map, and is an OSError of a call.
    """

    def __init__(self, path: Path, count: int, resolution: int) -> None:
        """Opens or makes the file at its whole size.

        Raises:
            OSError: there is no room, or it cannot be written to.
        """
        self._shape = (3, resolution, resolution)
        self._size = 3 * resolution * resolution
        header = npy_header(count, resolution)
        self._start = len(header)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            os.posix_fallocate(self._descriptor, 0, self._start + count * self._size)
            self._write(header, 0)
        except BaseException:
            os.close(self._descriptor)
            raise

    def put(self, row: int, image: Images) -> None:
        """Stores an image.

        Raises:
            OSError: the disk is full after all.
        """
        self._write(image.tobytes(), self._start + row * self._size)

    def get(self, row: int) -> Images:
        """An image that was stored.

        Raises:
            OSError: it cannot be read.
        """
        data = os.pread(self._descriptor, self._size, self._start + row * self._size)
        return np.frombuffer(data, np.uint8).reshape(self._shape)

    def _write(self, data: bytes, offset: int) -> None:
        while data:
            written = os.pwrite(self._descriptor, data, offset)
            data, offset = data[written:], offset + written

    def flush(self) -> None:
        """Makes what was stored outlast a power cut."""
        os.fsync(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)
