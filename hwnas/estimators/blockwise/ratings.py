"""Ratings of every path of every stage: how far a student's features are from its teacher's."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hwnas.core.progress import Progress
from hwnas.data.dataset import Images
from hwnas.data.preprocessing import to_input
from hwnas.estimators.blockwise.rating_progress import Losses, RatingProgress
from hwnas.estimators.blockwise.rule import relative_error
from hwnas.estimators.blockwise.teacher import Teacher
from hwnas.networks.modules import BatchNorm
from hwnas.objectives.costs import PEAK_MEMORY
from hwnas.spaces.extremes import largest
from hwnas.supernet.stage_student import StageStudent

# Bytes that a batch's activations may take. A stage's tree keeps one block's output a level.
MEMORY = 2**30
_BATCH = (16, 256)


def rate_stages(
    student: StageStudent,
    teacher: Teacher,
    images: Images,
    file: Path,
    *,
    progress: Progress | None = None,
    save_seconds: float = 15.0,
) -> Losses:
    """The loss of every path of every stage, on images that were not trained on.

    A path's loss is DNA's (arXiv 1911.13053, and its code): the mean absolute error relative to the
    standard deviation of the teacher's features. Batch norm takes each path's own statistics, over
    the batch. Paths that begin alike are run as a tree, every block of it once a batch. Killed and
    called again, it continues where it was, and ends with the same losses.

    Args:
        student: a trained one, on any device; its weights and statistics stay as they are.
        teacher: whose features it has learned.
        images: (N, 3, R, R), N ≥ 2, in any order; batches of up to 256, of fewer where the space's
            activations of so many exceed a gigabyte.
        file: where ratings are kept, a safetensors file, written every `save_seconds`.
        progress: called after each path of each batch with how many are done, and how many in all.
        save_seconds: at most about this much work is lost by a kill.

    Raises:
        RunError: the file holds ratings of other weights or images, is damaged or cannot be
            written; or a loss is not finite.
    """
    batches = _batches(student, images)
    place = RatingProgress(file, student, teacher, batches)
    device, written = next(student.parameters()).device, time.monotonic()
    with torch.no_grad(), _batch_statistics(student):
        while not place.ended:
            inputs = to_input(batches[place.batch], student.conventions).to(device)
            features = _around(teacher, place.stage, inputs)
            for loss in _losses(student, place.stage, *features, place.path):
                place.add(loss)
                if progress is not None:
                    progress(place.done, place.all)
                if time.monotonic() - written >= save_seconds:
                    place.save()
                    written = time.monotonic()
            place.next_batch()
    place.save()
    return place.result


def _around(teacher: Teacher, stage: int, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """What a stage is given, and what it is to compute."""
    features = [inputs, *teacher.features(inputs)]
    return features[stage], features[stage + 1]


def _losses(
    student: StageStudent, stage: int, before: Tensor, behind: Tensor, first: int
) -> Iterator[float]:
    """The loss of each path of a stage, from path number `first` on.

    Paths come sorted by their choices: those that begin alike follow each other, and what they
    share is at hand. At most a block's output a slot is kept.
    """
    start = student.stages.slots[stage].start
    outputs = [student.prefix(before) if stage == 0 else before]
    last: list[int] = []
    for path in student.stages.paths[stage][first:].tolist():
        shared = next((i for i, (a, b) in enumerate(zip(path, last, strict=False)) if a != b), 0)
        del outputs[shared + 1 :]
        for depth in range(shared, len(path)):
            outputs.append(student.block(start + depth, path[depth], outputs[-1]))
        last = path
        yield float(relative_error(outputs[-1], behind))


def _batches(student: StageStudent, images: Images) -> list[Images]:
    """Mixed batches that fit into memory."""
    space = student.stages.space
    each = 4 * float(PEAK_MEMORY.evaluate([space.network(largest(space))])[0])
    size = int(np.clip(MEMORY / each, *_BATCH))
    mixed = images[np.random.default_rng(0).permutation(len(images))]
    return np.array_split(mixed, max(1, round(len(images) / size)))


@contextmanager
def _batch_statistics(student: StageStudent) -> Iterator[None]:
    """Batch norm takes the statistics of the batch, and keeps its running ones as they are."""
    norms = [module for module in student.modules() if isinstance(module, BatchNorm)]
    student.train()
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm in norms:
            norm.momentum = student.conventions.momentum
        student.eval()
