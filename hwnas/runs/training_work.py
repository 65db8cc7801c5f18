"""Trainings as workers do them: what is sent to one, and what comes back."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hwnas.core.cache import cache_folder, has_cache_folder
from hwnas.core.digests import digest
from hwnas.core.workspace import job_folder
from hwnas.data.dataset import Split
from hwnas.networks.modules import NetworkModule
from hwnas.runs.folder import RunFolder
from hwnas.search.executors.jobs import tell
from hwnas.training.rules import Rule
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train

_OWN = "trainings"
"""In the cache folder of a machine that does not see the run's folder."""
# What lies there for so long, nobody goes on with.
_OLD_S = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Place:
    """A run's folder, as it is told from one of the same name on another machine.

    Attributes:
        path: of the folder, absolute.
        mark: what a file system says of its config: where it lies, and when it was written.
    """

    path: Path
    mark: tuple[int, int] | None

    @classmethod
    def of(cls, folder: RunFolder) -> "Place":
        """That of a run, where it is now."""
        path = folder.path.resolve()
        return cls(path, _mark(path))

    @property
    def is_here(self) -> bool:
        """Whether this process sees that very folder, and may write into it."""
        return (
            self.mark is not None
            and _mark(self.path) == self.mark
            and os.access(self.path, os.W_OK)
        )


@dataclass(frozen=True)
class TrainingJob:
    """One training, ready to be sent.

    Attributes:
        text: what a person calls it.
        module: the network with the weights that it starts from.
        config: hyper-parameters.
        checkpoint: the file of its weights, absolute, in the run's folder.
        rule: what is trained in a step; None for the labels alone.
    """

    text: str
    module: NetworkModule
    config: TrainConfig
    checkpoint: Path
    rule: Rule | None


@dataclass(frozen=True)
class TrainNetworks:
    """Trains one network after another on images that came with it.

    Attributes:
        images: to train on, by resolution.
        place: of the run, which this machine may see.
    """

    images: Mapping[int, Split]
    place: Place

    def __call__(self, job: TrainingJob, /) -> bytes | None:
        """Trains a network; it goes on from a checkpoint that is on this machine.

        Returns:
            The content of the finished checkpoint, which is to be written into the run's folder;
            None where it is there already.

        Raises:
            RunError: see `hwnas.training.trainer.train`.
        """
        images = self.images[job.module.blocks[0].resolution]
        with self._checkpoint(job, images) as path:
            train(
                job.module,
                images,
                job.config,
                checkpoint=path,
                rule=job.rule,
                progress=lambda step, steps, _: tell(step, steps),
            )
            return None if path == job.checkpoint else path.read_bytes()

    @contextmanager
    def _checkpoint(self, job: TrainingJob, images: Split) -> Iterator[Path]:
        """The run's own file, or where it does not lie here, one of this machine until it ends."""
        if self.place.is_here:
            yield job.checkpoint
        elif has_cache_folder():
            folder = cache_folder() / _OWN
            _sweep(folder)
            # Its name says what it belongs to, and another try on this machine goes on from it.
            path = folder / f"{digest(f'{job.checkpoint} {images.digest}')}.safetensors"
            yield path
            path.unlink(missing_ok=True)
        else:
            with job_folder() as folder:
                yield folder / job.checkpoint.name


def _mark(folder: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        status = (folder / "config.yaml").stat()
        return status.st_ino, status.st_mtime_ns
    return None


def _sweep(folder: Path) -> None:
    """Removes checkpoints that killed commands left there long ago."""
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _OLD_S:
                    path.unlink()
