"""The trainings between the stages of `hwnas shrink`: of a run, by its config."""

from dataclasses import replace

from hwnas.core.errors import ConfigError
from hwnas.core.listener import Listener
from hwnas.estimators.registry import SUPERNET_FILE
from hwnas.estimators.supernet.stages import StageTraining
from hwnas.runs.estimating import estimator_inputs, estimator_of
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder


def stage_training(
    experiment: Experiment, folder: RunFolder, epochs: int, listener: Listener
) -> StageTraining:
    """How a run trains before each stage; it goes on from its own supernet where that is trained.

    Nothing is trained or written yet.

    Args:
        experiment: of the run.
        folder: of the run.
        epochs: of each stage, at least 1.
        listener: is told of the trainings, and warned of weights that have seen other images.

    Raises:
        ConfigError: the estimator trains no supernet, the config has no recipe, or what a supernet
            starts from cannot be used.
    """
    from hwnas.estimators.supernet.start import start_supernet  # loads PyTorch
    from hwnas.training.training_state import has_ended

    config = experiment.config
    estimator = estimator_of(config)
    if estimator.weights != SUPERNET_FILE:
        raise ConfigError(
            f"epochs are of a supernet that is trained before each stage, and accuracy.estimator: "
            f"{estimator.name} judges by none; leave epochs out, or set accuracy.estimator: "
            "supernet"
        )
    train = config.recipe.train
    inputs = estimator_inputs(experiment, folder)
    if has_ended(folder.supernet_file):
        inputs = replace(inputs, trained_before=folder.supernet_file)
    elif inputs.trained_before is None and train.frozen_epochs >= epochs:
        raise ConfigError(
            f"the classifier alone would be trained in every epoch of the first stage: "
            f"train.frozen_epochs is {train.frozen_epochs}, and a stage has {epochs}; give stages "
            "more epochs, or freeze fewer"
        )
    if config.starts_from_weights:
        start = start_supernet(inputs)  # refused before there is a run
        if inputs.trained_before is None:  # else each stage says so
            listener.say(start.text)
        if start.warning is not None:
            listener.warn(start.warning)
    return StageTraining(
        estimator,
        inputs,
        folder.stages_folder,
        epochs,
        rate=lambda: experiment.recipe.fine_tune.learning_rate,
        listener=listener,
    )
