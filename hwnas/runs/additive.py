"""What additive estimators train in a run: batch norms; or a teacher, stages, and their ratings."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from hwnas.export.reader import read_network
from hwnas.networks.modules import NetworkModule
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.training import read_trained, with_loss
from hwnas.spaces.extremes import largest
from hwnas.spaces.stages import StageSpace
from hwnas.supernet.blockwise import Blockwise, StageStudent, stage_recipe
from hwnas.supernet.norm_supernet import NormSupernet, norm_recipe
from hwnas.supernet.rating_progress import Losses, read_ratings
from hwnas.supernet.stage_ratings import rate_stages
from hwnas.supernet.teacher import Teacher
from hwnas.training.distributed import current_group
from hwnas.training.placement import choose_device, placed
from hwnas.training.rules import SinglePath
from hwnas.training.trainer import TrainReport, train

# Rating takes as much longer as there are more.
_RATED_IMAGES = 512

Update = Callable[[int, int, str], None]
Progress = Callable[[str], AbstractContextManager[Update]]
"""A title → a progress bar, called with what is done, all there is to do, and a note."""


def train_norms(experiment: Experiment, folder: RunFolder, progress: Progress) -> TrainReport:
    """Trains the batch norms of a run, or continues; finished ones are just read.

    Raises:
        RunError: see `hwnas.training.trainer.train`.
    """
    config = experiment.recipe.train
    with progress(f"training batch norms on {_images(experiment)}") as update:
        return train(
            NormSupernet(experiment.space, seed=config.seed),
            experiment.dataset.train,
            norm_recipe(config),
            checkpoint=folder.weights_file("bn"),
            rule=SinglePath(experiment.space),
            progress=with_loss(update),
            log=folder.log_folder,
        )


def load_norms(experiment: Experiment, folder: RunFolder) -> NormSupernet:
    """The trained batch norms of a run.

    Raises:
        RunError: they were not trained, or not to the end.
    """
    supernet = NormSupernet(experiment.space, seed=experiment.config.recipe.train.seed)
    read_trained(supernet, experiment, folder, "bn")
    return supernet


def train_blockwise(experiment: Experiment, folder: RunFolder, progress: Progress) -> TrainReport:
    """Trains a teacher, has the stages learn from it, and rates every path of every stage.

    Each goes on where it was. The report is that of the stages.

    Raises:
        ConfigError: the teacher of the config cannot be used.
        RunError: see `hwnas.training.trainer.train` and `rate_stages`.
    """
    dataset, config = experiment.dataset, experiment.recipe.train
    teacher = _teacher(experiment, folder, progress)
    student = StageStudent(experiment.space, seed=config.seed)
    with progress(f"teaching the stages on {_images(experiment)}") as update:
        report = train(
            student,
            dataset.train,
            stage_recipe(config),
            rule=Blockwise(teacher),
            checkpoint=folder.path / "stages.safetensors",
            progress=with_loss(update),
            log=folder.log_folder,
        )
    if current_group().first:
        count = int(student.stages.choice_counts.sum())
        images = dataset.validation.images[:_RATED_IMAGES]
        with (
            progress(f"rating all {count:,} paths of the stages on {len(images)} images") as update,
            placed(student, choose_device(config.device)),
        ):
            rate_stages(
                student,
                teacher,
                images,
                folder.weights_file("blockwise"),
                progress=lambda done, total: update(done, total, ""),
            )
    return report


def load_ratings(experiment: Experiment, folder: RunFolder) -> Losses:
    """The ratings of a run.

    Raises:
        RunError: paths were not rated, or not all.
    """
    folder.check_trained("blockwise")
    return read_ratings(folder.weights_file("blockwise"), StageSpace(experiment.space))


def _teacher(experiment: Experiment, folder: RunFolder, progress: Progress) -> Teacher:
    """The network of the config, or the largest of the space, trained."""
    given = experiment.config.accuracy.teacher
    if given is not None:
        return Teacher(read_network(Path(experiment.sources.find(given))), experiment.space)
    space, images = experiment.space, experiment.dataset.train
    # Of a single network there are no paths to choose.
    alone = {"rule": "single_path", "random_paths": None}
    config = experiment.recipe.train.model_copy(update=alone)
    network = NetworkModule(space.network(largest(space)), seed=config.seed)
    with progress(f"training the teacher, the largest network, on {_images(experiment)}") as update:
        train(
            network,
            images,
            config,
            checkpoint=folder.path / "teacher.safetensors",
            progress=with_loss(update),
        )
    return Teacher(network, space)


def _images(experiment: Experiment) -> str:
    return f"{len(experiment.dataset.train):,} images of {experiment.dataset.name}"
