"""How far a rating of stages is, on disk: the losses summed up so far, and where to continue."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.core.errors import RunError
from hwnas.data.dataset import Images
from hwnas.estimators.blockwise.teacher import Teacher
from hwnas.spaces.stages import StageSpace
from hwnas.supernet.stage_student import StageStudent
from hwnas.training.checkpoint import damaged, load_weights, save_weights, weights_digest

Losses = list[NDArray[np.float64]]
"""A stage's paths (P,), in the order of `hwnas.spaces.stages.StageSpace.paths`."""


class RatingProgress:
    """Where a rating is: at which path of which batch of which stage.

    Attributes:
        losses: of each path, the sum over the batches so far.
        stage: the present one.
        batch: the present one of the stage.
        path: how many of the batch are rated.
    """

    def __init__(
        self, file: Path, student: StageStudent, teacher: Teacher, batches: Sequence[Images]
    ) -> None:
        """Continues where the file is, or begins without one.

        Raises:
            RunError: the file is damaged, or holds ratings of other weights or images.
        """
        pixels = digest(b"".join(batch.tobytes() for batch in batches))
        self._file, self._batches = file, len(batches)
        self._identity = {
            "space": _digest(student.stages),
            "student": weights_digest(student.state_dict()),
            "teacher": teacher.digest,
            "images": f"{pixels} in {len(batches)} batches",
        }
        self.stage = self.batch = self.path = 0
        self.losses: Losses = [np.zeros(count) for count in student.stages.choice_counts]
        if file.exists():
            self.losses, texts = _read(file, student.stages)
            if {key: texts.get(key) for key in self._identity} != self._identity:
                raise RunError(
                    f"{file} holds the ratings of other weights or images; delete it to rate again"
                )
            self.stage, self.batch, self.path = _place(file, texts, self.losses)

    def save(self) -> None:
        """Writes all of it in place of what is there."""
        tensors = {f"stage{i}": torch.from_numpy(losses) for i, losses in enumerate(self.losses)}
        place = f"{self.stage} {self.batch} {self.path}"
        texts = {"place": place, "batches": str(self._batches)}
        save_weights(self._file, tensors, self._identity | texts)

    def add(self, loss: float) -> None:
        """The loss of the present path."""
        if not np.isfinite(loss):
            raise RunError(
                f"a path of stage {self.stage + 1} has a loss of {loss}; train the stages again "
                "with a lower learning rate"
            )
        self.losses[self.stage][self.path] += loss
        self.path += 1

    def next_batch(self) -> None:
        """All paths of the present batch are rated."""
        self.path, self.batch = 0, self.batch + 1
        if self.batch == self._batches:
            self.stage, self.batch = self.stage + 1, 0

    @property
    def result(self) -> Losses:
        """The mean losses, when the rating has ended."""
        return [losses / self._batches for losses in self.losses]

    @property
    def ended(self) -> bool:
        """Whether all is rated."""
        return self.stage == len(self.losses)

    @property
    def done(self) -> int:
        """Paths that were run so far, once a batch."""
        before = self._batches * sum(map(len, self.losses[: self.stage]))
        return before + self.batch * len(self.losses[self.stage]) + self.path

    @property
    def all(self) -> int:
        """Paths to run in all."""
        return self._batches * sum(map(len, self.losses))


def read_ratings(file: Path, stages: StageSpace) -> Losses:
    """The losses of a rating that has ended.

    Raises:
        RunError: no such file, damaged, unfinished, or of another space.
    """
    losses, texts = _read(file, stages)
    if _place(file, texts, losses)[0] < len(losses):
        raise RunError(f"the rating of {file} has not ended; run it again to resume")
    return [stage / int(texts["batches"]) for stage in losses]


def _place(file: Path, texts: Mapping[str, str], losses: Losses) -> tuple[int, int, int]:
    """Stage, batch and path that come next."""
    try:
        stage, batch, path = map(int, texts["place"].split())
        batches = int(texts["batches"])
    except (KeyError, ValueError) as error:
        raise damaged(file, "it does not say how far the rating is") from error
    if not (0 <= stage <= len(losses) and 0 <= batch < max(batches, 1) and batches >= 1):
        raise damaged(file, "it is further than a rating can be")
    if not 0 <= path <= (len(losses[stage]) if stage < len(losses) else 0):
        raise damaged(file, "it is further than a rating can be")
    return stage, batch, path


def _read(file: Path, stages: StageSpace) -> tuple[Losses, dict[str, str]]:
    saved, texts = load_weights(file)
    if texts.get("space") != _digest(stages):
        raise RunError(f"{file} holds the ratings of another space; delete it to rate again")
    found = [saved.get(f"stage{index}") for index in range(len(stages.choice_counts))]
    wanted = [(torch.float64, (count,)) for count in stages.choice_counts.tolist()]
    if [one is not None and (one.dtype, tuple(one.shape)) for one in found] != wanted:
        raise damaged(file, "it lacks the losses of some paths")
    losses = [one.numpy() for one in found if one is not None]
    if not all(bool(np.isfinite(one).all()) for one in losses):
        raise damaged(file, "a loss is not a finite number")
    return losses, texts


def _digest(stages: StageSpace) -> str:
    """Changes with any block of a stage."""
    return digest(stages.space.identity_of_stages)
