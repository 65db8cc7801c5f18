"""A candidate's evaluation: it is trained, judged after every epoch, and perhaps stopped."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch

from hwnas.core.digests import digest
from hwnas.core.errors import DivergenceError, RunError
from hwnas.core.files import write_atomically
from hwnas.core.foreign_text import shown
from hwnas.core.workspace import job_folder
from hwnas.data.dataset import ImageDataset
from hwnas.estimators.candidates.curve_prediction import NetworkFeatures
from hwnas.estimators.candidates.rules import make_rule
from hwnas.estimators.candidates.settings import StopSettings
from hwnas.estimators.candidates.training import Candidates
from hwnas.networks.modules import NetworkModule
from hwnas.search.outcome import Candidate, Finished, Outcome, Stopping
from hwnas.spaces import Architectures
from hwnas.training.evaluation import accuracy, recalibrated_accuracy
from hwnas.training.placement import choose_device, placed
from hwnas.training.single import train_network

# Batch norms' own statistics are behind the weights while these still change much. As many as
# those that sub-networks of a supernet are judged with.
_RECALIBRATION_IMAGES = 384


@dataclass(frozen=True)
class TrainedCandidates:
    """Evaluates architectures by training them; a `StagedScore`.

    Attributes:
        candidates: what is trained, and on which images.
        seed: added to that of the training settings.
        folder: for the checkpoint of a training while it runs, so that a killed one goes on. Where
            it is on another machine, a temporary folder takes its place.
        stop: when a training ends early; None for never.
    """

    candidates: Candidates
    seed: int = 0
    folder: Path | None = None
    stop: StopSettings | None = None

    @property
    def every(self) -> int | None:
        """A rule is made anew after so many candidates; None where none stops them."""
        return None if self.stop is None else self.stop.every

    def stopping(
        self, finished: Sequence[Finished], stopped: Sequence[Sequence[float]]
    ) -> Stopping | None:
        """What ends trainings early by those that are known; None while these are too few."""
        return make_rule(self.stop, self._features, finished, stopped)

    @cached_property
    def _features(self) -> NetworkFeatures:
        return NetworkFeatures(self.candidates.space)

    def __call__(self, candidate: Candidate) -> Outcome:
        """Trains a network and judges it on the validation images.

        One whose training diverges has failed; others may not.

        Raises:
            RunError: see `hwnas.training.trainer.train`.
        """
        start = time.perf_counter()
        with self._place(candidate.architecture) as checkpoint:
            dataset = self.candidates.dataset_of(candidate.architecture)
            curve = _Curve(checkpoint, dataset, candidate)
            try:
                outcome = self._trained(candidate.architecture, checkpoint, curve)
            except DivergenceError as error:
                outcome = Outcome(None, failure=str(error))
        return replace(outcome, seconds=time.perf_counter() - start, curve=tuple(curve.values))

    def _trained(self, row: Architectures, checkpoint: Path, curve: "_Curve") -> Outcome:
        recipe = self.candidates.recipe_of(row, self.seed)
        module, dataset = self.candidates.module(row, recipe.seed), self.candidates.dataset_of(row)
        train_network(module, dataset.train, recipe, checkpoint, goes_on=curve.goes_on)
        if curve.stopped is not None:
            return curve.stopped
        with placed(module, choose_device(recipe.device)):
            value = accuracy(module, dataset.validation)
        curve.add(recipe.epochs, value)
        return Outcome(value)

    def discard(self, architecture: Architectures) -> None:
        """Removes the checkpoint of an architecture (L,), if there is one."""
        if self.folder is not None:
            _remove(self.folder / self._name(architecture))

    def _name(self, row: Architectures) -> str:
        """What the checkpoint of an architecture (L,) is called."""
        parts = [*self.candidates.identity.values(), str(self.seed), str(row.tolist())]
        return f"{digest(chr(10).join(parts))}.safetensors"

    @contextmanager
    def _place(self, row: Architectures) -> Iterator[Path]:
        """Where the checkpoint of an architecture (L,) lies until it has its score."""
        if self.folder is None or not self.folder.parent.is_dir():
            with job_folder() as folder:
                yield folder / self._name(row)
            return
        checkpoint = self.folder / self._name(row)
        yield checkpoint
        # Hundreds of networks' weights would fill a disk; their accuracies are all that is wanted.
        _remove(checkpoint)


class _Curve:
    """The validation accuracies of a network after each epoch of its training, in percent.

    They are kept beside the checkpoint, and always written before it: it never is ahead of them.
    """

    def __init__(self, checkpoint: Path, dataset: ImageDataset, candidate: Candidate) -> None:
        self._path = checkpoint.with_suffix(".json")
        self._candidate = candidate
        self._validation = dataset.validation
        self._recalibration = dataset.train.sample(_RECALIBRATION_IMAGES)
        # A checkpoint without them is of the first epoch.
        kept = checkpoint.is_file() and self._path.is_file()
        self.values = _read(self._path) if kept else []
        self.stopped: Outcome | None = None

    def add(self, epoch: int, value: float) -> None:
        """What an epoch, of number 1 and more, has come to."""
        self.values[epoch - 1 :] = [value]

    def goes_on(self, epoch: int, module: torch.nn.Module) -> bool:
        """Judges a network after an epoch, and says whether its training goes on."""
        assert isinstance(module, NetworkModule)
        recalibration = self._recalibration.images
        self.add(epoch, recalibrated_accuracy(module, self._validation, recalibration))
        write_atomically(self._path, json.dumps(self.values))
        rule = self._candidate.stopping
        if rule is not None:
            self.stopped = rule(self._candidate, self.values)
        return self.stopped is None


def _remove(checkpoint: Path) -> None:
    """Removes a checkpoint with what is kept beside it."""
    for path in (checkpoint, checkpoint.with_suffix(".json")):
        path.unlink(missing_ok=True)


def _read(path: Path) -> list[float]:
    """The accuracies that are kept.

    Raises:
        RunError: the file is damaged.
    """
    try:
        return [float(value) for value in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise RunError(
            f"{path} is damaged ({shown(str(error))}); delete the folder {path.parent}, and run "
            "the search again"
        ) from error
