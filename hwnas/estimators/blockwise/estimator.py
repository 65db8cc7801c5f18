"""`accuracy.estimator: blockwise`: the ratings of a network's stages, added up."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.core.digests import digest
from hwnas.core.listener import SILENT, Listener
from hwnas.estimators.blockwise.rating_progress import read_ratings
from hwnas.estimators.blockwise.ratings import rate_stages
from hwnas.estimators.blockwise.rule import Blockwise, stage_recipe
from hwnas.estimators.blockwise.teacher import Teacher
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.networks.modules import NetworkModule
from hwnas.search.exact.stages import StageScore
from hwnas.search.trellis import Trellis
from hwnas.spaces.extremes import largest
from hwnas.spaces.stages import StageSpace
from hwnas.supernet.stage_student import StageStudent
from hwnas.training.distributed import current_group
from hwnas.training.placement import choose_device, placed
from hwnas.training.rules import Plain
from hwnas.training.step_progress import with_loss
from hwnas.training.trainer import TrainReport, train

# Rating takes as much longer as there are more.
_RATED_IMAGES = 512


class BlockwiseEstimator(Estimator):
    """Minus the sum of the losses of a network's stages (DNA, arXiv 1911.13053).

    It is additive over stages, and searched exactly over them.
    """

    name = "blockwise"
    label = "block-wise rating"
    unit = "minus relative error"
    weights = "ratings.safetensors"
    takes_teacher = True
    families = False
    free = True

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        stages = StageSpace(inputs.one_space)
        return self.of_losses(inputs, stages, read_ratings(inputs.weights_file, stages))

    def of_losses(
        self, inputs: EstimatorInputs, stages: StageSpace, losses: Sequence[NDArray[np.float64]]
    ) -> Scores:
        """Scores of S arrays (P,) of losses, of the paths of each stage."""
        values = [-stage for stage in losses]
        trellis = Trellis.from_values(stages, self.name, self.unit, 0.0, values)
        ratings = digest(b"".join(stage.tobytes() for stage in losses))
        return self.of_exact(inputs, StageScore(stages, trellis), {"ratings": ratings})

    @override
    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> TrainReport:
        """Trains a teacher, has the stages learn from it, and rates every path of every stage.

        Each continues where it was. The report is that of the stages.

        Raises:
            ConfigError: the teacher that is given cannot be used.
            RunError: see `hwnas.training.trainer.train` and `rate_stages`.
        """
        dataset, config = inputs.dataset, inputs.recipe
        teacher = _teacher(inputs, listener)
        student = StageStudent(inputs.one_space, config.seed, teacher.conventions)
        title = f"teaching the stages on {_images(inputs)}"
        with listener.progress(title, "steps") as update:
            report = train(
                student,
                dataset.train,
                stage_recipe(config),
                rule=Blockwise(teacher),
                checkpoint=inputs.weights_file.with_name("stages.safetensors"),
                progress=with_loss(update),
                log=inputs.log,
            )
        if current_group().first:
            count = int(student.stages.choice_counts.sum())
            images = dataset.validation.images[:_RATED_IMAGES]
            title = f"rating all {count:,} paths of the stages on {len(images)} images"
            with (
                listener.progress(title, "paths") as update,
                placed(student, choose_device(config.device)),
            ):
                rate_stages(student, teacher, images, inputs.weights_file, progress=update)
        return report


def _teacher(inputs: EstimatorInputs, listener: Listener) -> Teacher:
    """The network that is given, or the largest of the space, trained."""
    space = inputs.one_space
    if inputs.teacher is not None:
        return Teacher(inputs.teacher(), space)
    # Of a single network there are no paths to choose.
    alone = {"rule": "single_path", "random_paths": None}
    config = inputs.recipe.model_copy(update=alone)
    network = NetworkModule(space.network(largest(space)), seed=config.seed)
    title = f"training the teacher, the largest network, on {_images(inputs)}"
    with listener.progress(title, "steps") as update:
        train(
            network,
            inputs.dataset.train,
            config,
            checkpoint=inputs.weights_file.with_name("teacher.safetensors"),
            rule=Plain(),
            progress=with_loss(update),
        )
    return Teacher(network, space)


def _images(inputs: EstimatorInputs) -> str:
    return f"{len(inputs.dataset.train):,} images of {inputs.dataset.name}"
