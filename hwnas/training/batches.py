"""Training batches: order and augmentation that follow from the seed and the step alone.

So a training that was killed continues with the same batches, and no generator's state has to be
kept; and batches can be made ahead of time, by several threads.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.data.dataset import Images, Split
from hwnas.data.preprocessing import to_input
from hwnas.data.resolutions import by_resolution
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.training.augmentation import jitter_colours, mix, shift
from hwnas.training.train_config import TrainConfig

# Streams of random numbers that must not be the same ones.
ORDER, AUGMENTATION, PATH, MIXING, RESOLUTION = range(5)


def stream(seed: int, purpose: int, number: int, rank: int = 0) -> np.random.Generator:
    """The generator of one purpose at one step (or epoch), of one of several processes."""
    return np.random.default_rng([seed, purpose, number, *([rank] if rank else [])])


def images_of_step(split: Split, config: TrainConfig, processes: int) -> int:
    """How many images a step of all processes together takes.

    Raises:
        ConfigError: the processes cannot share them equally.
    """
    size = min(config.batch_size, len(split))
    if size % processes or (processes > 1 and size < 2 * processes):
        raise ConfigError(
            f"a batch of {size} images cannot be shared equally by {processes} processes, "
            f"two images each or more; make batch_size a multiple of {processes}"
        )
    return size


class Batches:
    """The batches of a training: every epoch a new order, a remainder below a batch left out.

    Of images at several resolutions each batch has one, drawn anew at every step, the same one for
    all processes; which images it has does not depend on it.

    Of several processes each gets its part of every batch, with random numbers of its own.
    """

    def __init__(
        self,
        split: Split | Sequence[Split],
        config: TrainConfig,
        classes: int,
        *,
        conventions: Conventions = USUAL,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        """Takes the images, how they are augmented, and the conventions of what they are for.

        Raises:
            ConfigError: a batch cannot be shared equally by the processes.
        """
        self._splits, self._config, self._classes = by_resolution(split), config, classes
        self._conventions = conventions
        self._rank, self._processes = rank, processes
        self._images = len(self._splits[-1])
        self.size = images_of_step(self._splits[-1], config, processes)
        self.per_epoch = self._images // self.size
        self._order = lru_cache(maxsize=2)(self._draw_order)

    def pixels(self, step: int) -> tuple[Images, NDArray[np.int64]]:
        """Augmented images (B, 3, R, R) and labels (B,) of this process's part of a step.

        `crop_padding` is in pixels of the largest resolution, and in proportion at the others.
        """
        config, split = self._config, self._split(step)
        epoch, position = divmod(step, self.per_epoch)
        batch = self._order(epoch)[position * self.size : (position + 1) * self.size]
        chosen = batch[self._rank :: self._processes]
        generator = stream(config.seed, AUGMENTATION, step, self._rank)
        images = shift(split.images[chosen], self._padding(split), generator)
        if config.flip:
            mirrored = generator.random(len(images)) < 0.5
            images[mirrored] = images[mirrored][..., ::-1]
        images = jitter_colours(images, config.colour_jitter, generator)
        return images, split.labels[chosen]

    def inputs(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs (B, 3, R, R) and labels (B,), or probabilities (B, classes) where mixed."""
        pixels, labels = self.pixels(step)
        return mix(
            to_input(pixels, self._conventions),
            torch.from_numpy(labels),
            self._classes,
            mixup=self._config.mixup,
            cutmix=self._config.cutmix,
            generator=stream(self._config.seed, MIXING, step, self._rank),
        )

    def _draw_order(self, epoch: int) -> NDArray[np.int64]:
        return stream(self._config.seed, ORDER, epoch).permutation(self._images)

    def _split(self, step: int) -> Split:
        """The images at the resolution of a step."""
        if len(self._splits) == 1:
            return self._splits[0]
        drawn = stream(self._config.seed, RESOLUTION, step).integers(len(self._splits))
        return self._splits[int(drawn)]

    def _padding(self, split: Split) -> int:
        padding, largest = self._config.crop_padding, self._splits[-1].resolution
        return -(-padding * split.resolution // largest)


def prefetch(
    batches: Batches, steps: range, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """The inputs and targets of some steps on a device; the next ones are made meanwhile."""
    cuda = device.type == "cuda"
    # One thread keeps up with a CPU that trains; a GPU needs several.
    threads = min(8, os.cpu_count() or 1) if cuda else 1

    def make(step: int) -> tuple[Tensor, Tensor]:
        inputs, target = batches.inputs(step)
        return (inputs.pin_memory(), target.pin_memory()) if cuda else (inputs, target)

    try:
        with ThreadPoolExecutor(threads, initializer=partial(_begin, device)) as pool:
            ahead = deque(pool.submit(make, step) for step in steps[: threads + 1])
            for step in steps:
                inputs, target = ahead.popleft().result()
                if step + threads + 1 in steps:
                    ahead.append(pool.submit(make, step + threads + 1))
                yield inputs.to(device, non_blocking=True), target.to(device, non_blocking=True)
    finally:
        torch.set_num_threads(torch.get_num_threads())  # of threads to come: see _begin


def _begin(device: torch.device) -> None:
    """What each thread that makes batches does first."""
    # A second team of threads would keep the training's own waiting: on two cores, that took 40 %
    # of its speed. It is the number of this thread, and of threads that begin later.
    torch.set_num_threads(1)
    if device.type == "cuda":
        # Else a process would pin memory by way of the first GPU, whichever is its own.
        torch.cuda.set_device(device)
