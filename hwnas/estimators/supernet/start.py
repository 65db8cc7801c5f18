"""What a supernet starts from: random weights, published ones, or those of another training."""

from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import ConfigError
from hwnas.data.resolutions import digest_of
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet.earlier import load_earlier
from hwnas.estimators.supernet.paths import paths_of
from hwnas.estimators.trained import training_images
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.spaces.containing import architecture_in
from hwnas.supernet.around import load_network
from hwnas.supernet.once_for_all import OnceForAll
from hwnas.supernet.pretrained import Pretrained
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import load_weights, weights_digest
from hwnas.training.rules import PathRule, supernet_rule


@dataclass(frozen=True)
class Start:
    """A supernet before its training.

    Attributes:
        supernet: with its first weights.
        text: a sentence on them; "" when they are random.
        warning: what a person should know of them.
    """

    supernet: Supernet
    text: str
    warning: str | None = None


def start_supernet(inputs: EstimatorInputs) -> Start:
    """A supernet as its training starts; nothing is written.

    One that has a checkpoint already continues without the file that it started from.

    Raises:
        ConfigError: the published weights cannot be read, do not fit the space, or are to be taken
            as they are with another number of classes; or see `load_earlier`.
        RunError: the checkpoint is damaged; or see `load_earlier`.
    """
    if inputs.trained_before is not None:
        return _after(inputs, inputs.trained_before)
    if inputs.pretrained is not None:
        return _around(inputs, inputs.pretrained)
    config, source, checkpoint = inputs.recipe, inputs.published, inputs.weights_file
    supernet = Supernet(
        inputs.space, seed=config.seed, kernel_transforms=inputs.published is not None
    )
    if source is None:
        return Start(supernet, "")
    if not source.exists() and checkpoint.is_file():
        return _continued(supernet, source, checkpoint)
    published = OnceForAll.read(source)
    published.load_into(supernet)
    text = f"published weights: {source}, {published.kind}, {published.classes} classes"
    return Start(supernet, text + _of_classifier(inputs, str(source), published.classes))


def _continued(supernet: Supernet, source: Path, checkpoint: Path) -> Start:
    """One whose checkpoint has everything, while what it started from is gone."""
    _, texts = load_weights(checkpoint)
    supernet.start = texts.get("start", "")
    return Start(supernet, f"{source} is gone; {checkpoint} continues without it")


def _after(inputs: EstimatorInputs, source: Path) -> Start:
    """A supernet with the weights that an earlier training of its parameters has ended with."""
    supernet = Supernet(
        inputs.space,
        seed=inputs.recipe.seed,
        kernel_transforms=inputs.published is not None,
        conventions=conventions_of(inputs),
    )
    if not source.exists() and inputs.weights_file.is_file():
        return _continued(supernet, source, inputs.weights_file)
    images = load_earlier(supernet, source)
    supernet.start = weights_digest(supernet.state_dict())
    warning = None
    if images != digest_of(training_images(inputs)):
        warning = (
            f"{source} was trained on other images than those of this run, or on the same ones at "
            "another resolution; where it has seen images to choose by (validation) or to test, "
            "accuracies come out too high"
        )
    return Start(supernet, f"weights of an earlier training: {source}", warning)


def _around(inputs: EstimatorInputs, pretrained: Pretrained) -> Start:
    """A supernet that computes what a network computes, but for a new classifier."""
    seed, conventions = inputs.recipe.seed, pretrained.conventions
    supernet = Supernet(inputs.space, seed=seed, conventions=conventions)
    module = pretrained.module(inputs.space.largest_resolution)
    load_network(supernet, module, pretrained.network_name)
    source, name, classes = pretrained.source, pretrained.network_name, pretrained.classes
    text = f"pretrained weights: {source}, {name}, {classes:,} classes"
    return Start(supernet, text + _of_classifier(inputs, source, classes))


def _of_classifier(inputs: EstimatorInputs, source: str, theirs: int) -> str:
    """What becomes of the classifier."""
    classes = inputs.space.classes
    if theirs == classes:
        return (
            ", as many as the images have: the classifier is kept, so they must be the same "
            "classes in the same order"
        )
    if not inputs.recipe.epochs:
        raise ConfigError(
            f"{source} has {theirs:,} classes and the images have {classes:,}, so that its "
            "classifier must be trained; set train.epochs to at least 1"
        )
    return f"; the images have {classes:,}: the classifier starts from random weights"


def conventions_of(inputs: EstimatorInputs) -> Conventions:
    """Those that the supernet has from its start on."""
    return USUAL if inputs.pretrained is None else inputs.pretrained.conventions


def rule_of(inputs: EstimatorInputs) -> PathRule:
    """What is trained in a step; a pretrained network is the teacher of a sandwich.

    Raises:
        ConfigError: the space does not contain that network; or see `paths_of`.
    """
    pretrained, teacher = inputs.pretrained, None
    if pretrained is not None:
        teacher = architecture_in(inputs.space, pretrained.blocks, pretrained.network_name)
    return supernet_rule(inputs.recipe, inputs.space, teacher, paths_of(inputs))
