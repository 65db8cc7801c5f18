"""Classifier: images → probabilities by the files of an export alone, as fast as they start."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import ConfigError, DeviceError
from hwnas.core.foreign_text import shown
from hwnas.core.registry import brief
from hwnas.data.dataset import Images
from hwnas.devices.runtimes.onnxruntime import CPU, open_session, session_options
from hwnas.export.described import Described, read_described
from hwnas.export.layout import MODEL, OPEN_BATCH

TOGETHER = 32
"""Images that make it worth trying whether they are classified faster all at once."""

Probabilities = NDArray[np.float64]
"""(N, classes), each row adds up to 1."""


_PIXELS = "tensor(uint8)"
# What the file of an export may take.
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, _PIXELS: np.uint8}


class Classifier:
    """An exported network on this machine's processor.

    Attributes:
        model: its ONNX file.
        described: what its config.json says.
    """

    def __init__(self, model: Path, *, threads: int = 1) -> None:
        """Loads the file, and what describes it beside it.

        Args:
            model: the ONNX file of an export.
            threads: of each inference.

        Raises:
            ConfigError: one of the two files is missing or damaged, or they do not belong together.
        """
        self.model, self.described = model, read_described(model.parent)
        self._threads = threads
        self._own = _Graph(model, self.described, threads)
        self._faster: _Graph | None = None

    def probabilities(self, images: Images) -> Probabilities:
        """The probability of each class, the softmax of the outputs.

        The first time that there are `TOGETHER` images or more, the file for any number of images
        is tried beside the classifier's own, and from then on the faster one is used.

        Args:
            images: (N, 3, R, R) uint8, at the resolution of the network.

        Raises:
            ConfigError: the files are not of one export.
        """
        logits = self._logits(images).astype(np.float64)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: Probabilities = powers / powers.sum(axis=1, keepdims=True)
        return found

    def _logits(self, images: Images) -> NDArray[Any]:
        if len(images) < TOGETHER or self._faster is not None:
            return (self._faster or self._own).logits(images)
        opened = self.model.with_name(OPEN_BATCH)
        if self.model.name != MODEL or not opened.is_file():
            self._faster = self._own
            return self._own.logits(images)
        together = _Graph(opened, self.described, self._threads)
        first, rest = np.array_split(images, 2)
        found = [together.logits(first)]  # which warms it up; the other is by now
        began = time.perf_counter()
        found.append(self._own.logits(rest))
        between = time.perf_counter()
        together.logits(rest)
        faster = time.perf_counter() - between < between - began
        self._faster = together if faster else self._own
        return np.concatenate(found)


class _Graph:
    """One ONNX file, and how images go into it."""

    def __init__(self, path: Path, described: Described, threads: int) -> None:
        try:
            self._session = open_session(path, session_options(threads), CPU)
        except DeviceError as error:
            raise ConfigError(f"{shown(path.parent)}: {error}; export it again") from error
        self._path, self._described = path, described
        taken, size = self._session.get_inputs(), described.resolution
        pixels = [one.type for one in taken] == [_PIXELS]
        shape = [size, size, 3] if pixels else [3, size, size]
        if [list(one.shape[1:]) for one in taken] != [shape] or taken[0].type not in _TYPES:
            told = ", ".join(f"{one.type} {one.shape}" for one in taken) or "nothing"
            raise ConfigError(
                f"{shown(path)} takes {shown(told)} and its config.json is of images of {size} "
                "pixels: they are not of one export; export the network again"
            )
        self._name, batch = taken[0].name, taken[0].shape[0]
        self._batch = batch if isinstance(batch, int) else None
        # Float: the network's own type, or pixels as they are where it prepares them itself.
        self._type = _TYPES[taken[0].type]
        self._pixels = pixels

    def logits(self, images: Images) -> NDArray[Any]:
        """(N, classes) the outputs of (N, 3, R, R) images, as many at a time as the file takes."""
        batch = self._batch or len(images)
        # The last batch is filled up with images from the start.
        order = np.arange(-(-len(images) // batch) * batch) % len(images)
        parts = [self._run(images[part]) for part in order.reshape(-1, batch)]
        return np.concatenate(parts)[: len(images)]

    def _run(self, images: Images) -> NDArray[Any]:
        try:
            logits = np.asarray(self._session.run(None, {self._name: self._input(images)})[0])
        except Exception as error:  # ONNX Runtime's, without a class of their own
            raise ConfigError(
                f"ONNX Runtime cannot run {shown(self._path)} ({brief(error)}); export the "
                "network again"
            ) from error
        classes = len(self._described.class_names)
        if logits.shape[1:] != (classes,):
            raise ConfigError(
                f"{shown(self._path)} gives {logits.shape[1:]} values an image and its config.json "
                f"has {classes} class_names: they are not of one export; export the network again"
            )
        if not np.isfinite(logits).all():
            raise ConfigError(
                f"{shown(self._path)} computes values that are no numbers; train and export the "
                "network again"
            )
        return logits

    def _input(self, images: Images) -> NDArray[Any]:
        """As `hwnas.data.to_input`, to the bit, without PyTorch."""
        if self._pixels:
            return np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        described = self._described
        multiply, subtract = (
            factor.reshape(3, 1, 1) for factor in (described.multiply, described.subtract)
        )
        return (images.astype(np.float32) * multiply - subtract).astype(self._type, copy=False)
