"""Trainings: those of an export, one after another here, or side by side by workers."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.core.errors import RunError, TrainingError
from hwnas.core.files import write_atomically
from hwnas.core.listener import Listener, Update
from hwnas.networks.modules import NetworkModule
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.training_work import Place, TrainingJob, TrainNetworks
from hwnas.training.single import SingleTraining
from hwnas.training.step_progress import with_loss

if TYPE_CHECKING:
    from hwnas.search.executors.ray_workers import RayWorkers


@dataclass(frozen=True)
class Titled:
    """A training, and what people read while it runs, as in "fine-tuning v4qgh44"."""

    title: str
    training: SingleTraining


class Trainings:
    """Carries out the trainings of a run's networks.

    Trained by workers or here, with equally many threads, a network has the same weights.
    """

    def __init__(
        self,
        experiment: Experiment,
        folder: RunFolder,
        listener: Listener,
        workers: "RayWorkers | None" = None,
    ) -> None:
        """Trains nothing yet.

        Args:
            experiment: has the images.
            folder: of the run, open.
            listener: gets progress and sentences.
            workers: they train side by side what `together` is given, and are `followed`; None for
                here, when it is needed.
        """
        self._experiment, self._folder, self._listener = experiment, folder, listener
        self._workers = workers
        self._failed: dict[Path, str] = {}

    @property
    def has_workers(self) -> bool:
        """Whether trainings can run side by side."""
        return self._workers is not None

    def together(self, trainings: Sequence[Titled]) -> None:
        """Has workers do what is left of some trainings, side by side; without workers, nothing.

        The workers are gone afterwards, so that they disturb no measurement. What fails is warned
        of, and raised when its network is wanted.

        Raises:
            RunError: workers cannot be had, or weights cannot be written.
        """
        if self._workers is None:
            return
        # Equal trainings have one file: the network that was picked may be the reference.
        by_file = {one.training.checkpoint: one for one in trainings if self._is_left(one)}
        if not by_file:
            return
        left = list(by_file.values())
        several = f"training {len(left)} networks side by side"
        title = several if len(left) > 1 else left[0].title
        with self._listener.progress(title, "epochs") as update:
            course = _Course(left, update)
            # Made when a worker is there for it: the networks of a front may be many and large.
            jobs = map(_job, left)
            with closing(self._workers.each(self._work, jobs, course.heard)) as ends:
                for index, done in ends:
                    course.end(index)
                    self._end(left[index], done.value, done.failure)

    def __call__(self, title: str, training: SingleTraining) -> NetworkModule:
        """The trained network; trained now where it was not yet.

        Raises:
            TrainingError: it cannot be trained.
            RunError: see `hwnas.training.trainer.train`.
        """
        if (failure := self._failed.get(training.checkpoint)) is not None:
            raise TrainingError(failure)
        images = self._experiment.dataset_of(training.network).train
        if not training.is_left:
            return training.run(images)
        with self._listener.progress(title, "steps") as update:
            return training.run(images, with_loss(update))

    def _is_left(self, one: Titled) -> bool:
        return one.training.is_left and one.training.checkpoint not in self._failed

    def _end(self, one: Titled, weights: bytes | None, failure: str | None) -> None:
        """Takes what a worker has sent."""
        if failure is not None:
            self._failed[one.training.checkpoint] = f"{one.title} failed: {failure}"
            self._listener.warn(self._failed[one.training.checkpoint])
        elif weights is not None:
            write_atomically(one.training.checkpoint, weights, error=RunError)

    @cached_property
    def _work(self) -> TrainNetworks:
        """One and the same throughout an export, so that the images are sent once."""
        resolutions = self._experiment.space.resolutions
        images = {each: self._experiment.dataset_at(each).train for each in resolutions}
        return TrainNetworks(images, Place.of(self._folder))


def _job(one: Titled) -> TrainingJob:
    """What is sent of a training."""
    training = one.training
    return TrainingJob(
        one.title,
        training.start(),
        training.config,
        training.checkpoint.resolve(),
        training.rule,
    )


class _Course:
    """How many epochs of some trainings are done, for one progress bar."""

    def __init__(self, trainings: Sequence[Titled], update: Update) -> None:
        self._epochs = [one.training.config.epochs for one in trainings]
        self._done, self._ended, self._update = [0.0] * len(trainings), 0, update

    def heard(self, index: int, done: int, total: int) -> None:
        """A training has made so many steps of all."""
        self._done[index] = self._epochs[index] * done / total
        self._show()

    def end(self, index: int) -> None:
        """A training has ended."""
        self._done[index], self._ended = self._epochs[index], self._ended + 1
        self._show()

    def _show(self) -> None:
        note = f"{self._ended} of {len(self._done)} networks"
        self._update(int(sum(self._done)), sum(self._epochs), note)
