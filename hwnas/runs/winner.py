"""The winner's weights: trained from scratch, or the supernet's fine-tuned, whichever is better."""

from dataclasses import dataclass

from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.statistics.intervals import Paired
from hwnas.runs.experiment import Experiment
from hwnas.runs.export_config import StartedFrom
from hwnas.runs.folder import RunFolder
from hwnas.runs.training import TrainedSupernet, fine_tuning, training_from_scratch
from hwnas.runs.trainings import Titled, Trainings
from hwnas.spaces import Architectures
from hwnas.training.evaluation import right


@dataclass(frozen=True)
class Winner:
    """A trained network.

    Attributes:
        module: with its weights.
        weights_from: what its training started from.
        chosen: a sentence on why that, where both ways were trained.
    """

    module: NetworkModule
    weights_from: StartedFrom
    chosen: str | None = None


def ways_to_train(
    experiment: Experiment,
    folder: RunFolder,
    trained: TrainedSupernet | None,
    architecture: Architectures,
    of: str = "the winner",
    teacher: NetworkModule | None = None,
) -> dict[StartedFrom, Titled]:
    """The trainings that the config's `export.weights_from` asks for, by what they start from.

    Two of them, fine-tuning first, are to be compared.

    Args:
        experiment: of the run.
        folder: of the run; keeps what is trained.
        trained: its supernet; without one the network is trained from scratch.
        architecture: (L,) of the space.
        of: which network it is, in the titles of what is shown.
        teacher: a trained network that it learns from where it is fine-tuned.

    Raises:
        ConfigError: it is to be trained from scratch, and there are no epochs.
    """
    config, network = experiment.config, experiment.space.network(architecture)
    ways: dict[StartedFrom, Titled] = {}
    if trained is not None:
        start: StartedFrom = "pretrained" if trained.at_its_start else "supernet"
        training = fine_tuning(trained, architecture, experiment, folder, teacher)
        ways[start] = Titled(f"fine-tuning {of}", training)
        if config.export.weights_from == "supernet" or config.starts_from_published:
            return ways
    scratch = training_from_scratch(network, experiment, folder)
    return {**ways, "scratch": Titled(f"training {of} from scratch", scratch)}


def train_winner(
    experiment: Experiment,
    network: Network,
    ways: dict[StartedFrom, Titled],
    trainings: Trainings,
) -> Winner:
    """Trains a network as `ways_to_train` says.

    Where that is both ways, it takes the weights from scratch, which have seen as many images as
    the reference, unless the validation images show that fine-tuning is better: the 95 % interval
    of the difference on the same images is above 0. Merely the higher of both would be no fair
    choice. The search took the network for how well it does on these very images with the weights
    that fine-tuning starts from, so that on few of them fine-tuning looks better than it is
    (docs/guides/training.md, "Which weights the winner gets"). Published weights
    (`from_ofa`, `pretrained`), which saw many more images, are always fine-tuned; not so those of
    `from_supernet`, which saw the same images more often.

    Raises:
        TrainingError: it cannot be trained.
        RunError: see `hwnas.training.trainer.train`.
    """
    modules = {start: trainings(way.title, way.training) for start, way in ways.items()}
    if len(modules) == 1:
        ((start, module),) = modules.items()
        return Winner(module, start)
    return _better(experiment, network, *modules.values())


def _better(
    experiment: Experiment, network: Network, tuned: NetworkModule, scratch: NetworkModule
) -> Winner:
    images = experiment.dataset_of(network).validation
    pair = Paired.of(right(tuned, images), right(scratch, images))
    low, high = pair.interval
    compared = (
        f"{pair.first_accuracy:.1f} % fine-tuned, {pair.second_accuracy:.1f} % from scratch on "
        f"{pair.images:,} validation images (difference: {low:+.0f} to {high:+.0f} "
        "points)"
    )
    if low > 0:
        return Winner(tuned, "supernet", f"trained both ways, fine-tuned is better: {compared}")
    why = "from scratch is better" if high < 0 else "from scratch is taken, as the reference is"
    return Winner(scratch, "scratch", f"trained both ways, {why}: {compared}")
