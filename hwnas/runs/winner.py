"""The winner's weights: trained from scratch, or the supernet's fine-tuned, whichever is better."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.statistics.intervals import Paired
from hwnas.runs.experiment import Experiment
from hwnas.runs.export_config import StartedFrom
from hwnas.runs.folder import RunFolder
from hwnas.runs.training import TrainedSupernet, fine_tune, train_from_scratch
from hwnas.spaces import Architectures
from hwnas.training.evaluation import right
from hwnas.training.step_progress import with_loss


class Progress(Protocol):
    """Shows the course of a training."""

    def __call__(self, title: str) -> AbstractContextManager[Any]:
        """A context manager that gives update(done, total, note)."""


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


def train_winner(
    experiment: Experiment,
    folder: RunFolder,
    trained: TrainedSupernet | None,
    architecture: Architectures,
    progress: Progress | None = None,
    of: str = "the winner",
    teacher: NetworkModule | None = None,
) -> Winner:
    """Trains the network of an architecture (L,) as the config's `export.weights_from` says.

    `auto` trains it both ways, and takes the one from scratch, which has as many images as the
    reference, unless the validation images show that fine-tuning is better: the 95 % interval of
    the difference on the same images is above 0. Merely the higher of both would be no fair choice.
    The search took the network for how well it does on these very images with the weights that
    fine-tuning starts from, so that on few of them fine-tuning looks better than it is
    (docs/guides/training.md, "Which weights the winner gets"). Published weights
    (`from_ofa`, `pretrained`), which saw many more images, are always fine-tuned.

    Args:
        experiment: of the run.
        folder: of the run; keeps what is trained.
        trained: its supernet; without one the network is trained from scratch.
        architecture: (L,) of the space.
        progress: shows each training.
        of: which network it is, in the titles of what is shown.
        teacher: a trained network that it learns from where it is fine-tuned.

    Raises:
        RunError: see `hwnas.training.trainer.train`.
    """
    show = progress or _silently
    config, network = experiment.config, experiment.space.network(architecture)

    def from_scratch() -> NetworkModule:
        with show(f"training {of} from scratch") as update:
            return train_from_scratch(network, experiment, folder, with_loss(update))

    if trained is None:
        return Winner(from_scratch(), "scratch")
    with show(f"fine-tuning {of}") as update:
        tuned = fine_tune(trained, architecture, experiment, folder, with_loss(update), teacher)
    if config.export.weights_from == "supernet" or config.starts_from_published:
        return Winner(tuned, "pretrained" if trained.at_its_start else "supernet")
    return _better(experiment, network, tuned, from_scratch())


def _silently(_: str) -> AbstractContextManager[Any]:
    return nullcontext(lambda *_: None)


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
