"""Reading what was trained for an estimator."""

from hwnas.core.digests import digest
from hwnas.data.dataset import Split
from hwnas.data.resolutions import digest_of
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.networks.trainable import Trainable
from hwnas.training.training_state import load_trained


def read_trained(module: Trainable, inputs: EstimatorInputs) -> None:
    """Loads the trained weights of an estimator into a module of its space.

    They must have been trained on the images, where some are given. With which settings does not
    matter: a run folder sees to that.

    Raises:
        ConfigError: no file is named.
        RunError: it is not there, damaged, not trained to the end, or of another space or other
            images.
    """
    belongs_to = {"network": digest(module.identity)}
    if inputs.images is not None:
        belongs_to["images"] = digest_of(training_images(inputs))
    load_trained(module, inputs.weights_file, belongs_to)


def training_images(inputs: EstimatorInputs) -> tuple[Split, ...]:
    """The training images at every resolution of the space, from the smallest.

    Raises:
        ConfigError, DataError: see `EstimatorInputs.dataset_at`.
    """
    return tuple(inputs.dataset_at(each).train for each in inputs.space.resolutions)
