"""EstimatorInputs: all that an estimator may be given, in one small value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.core.errors import ConfigError
from hwnas.data.dataset import ImageDataset
from hwnas.data.resolutions import check_same_images, fingerprint_of
from hwnas.estimators.candidates.settings import StopSettings
from hwnas.latency.family import AnyLatency
from hwnas.objectives.budgets import Budget
from hwnas.search.problem import SearchProblem
from hwnas.spaces.family import Space
from hwnas.spaces.space import SearchSpace
from hwnas.training.auto import SUPERNET_LENGTH, resolved
from hwnas.training.train_config import TrainConfig, TrainSettings

if TYPE_CHECKING:
    from hwnas.networks.modules import NetworkModule
    from hwnas.supernet.pretrained import Pretrained


@dataclass(frozen=True)
class EstimatorInputs:
    """What scores are made of. Nothing is read before an estimator asks for it.

    Attributes:
        space: whose networks are scored, one or a family.
        seed: of scores that depend on one: initial weights, the choice of images.
        file: a CSV of known accuracies.
        images: loads the images at the resolution of the space, of a family at the largest.
        images_at: loads the same images at another resolution of a family.
        weights: the file of what is trained for the estimator; what else a training keeps lies
            beside it.
        training: how the weights are trained.
        published: the published supernet that a supernet starts from.
        pretrained: the network that a supernet starts from.
        trained_before: the file of a training that has ended, with whose weights a supernet of the
            same parameters starts: that of the whole space, say, for what is left of it. Beside it
            `published` and `pretrained` say what its kernels and batch norms are like.
        candidates: the folder of what is kept of a network while it is trained to be scored.
        stop: when such a training ends early.
        teacher: loads a trained network to learn from, in place of the space's largest.
        latency: loads the latency model of the space, for an estimator that sees latencies too.
        problem: lays costs over the space with budgets on them, where a training keeps some.
        log: a folder for TensorBoard.
    """

    space: Space
    seed: int = 0
    file: Path | None = None
    images: Callable[[], ImageDataset] | None = None
    images_at: Callable[[int], ImageDataset] | None = None
    weights: Path | None = None
    training: TrainSettings | None = None
    published: Path | None = None
    pretrained: "Pretrained | None" = None
    trained_before: Path | None = None
    candidates: Path | None = None
    stop: StopSettings | None = None
    teacher: "Callable[[], NetworkModule] | None" = None
    latency: Callable[[], AnyLatency] | None = None
    problem: Callable[[Sequence[Budget]], SearchProblem] | None = None
    log: Path | None = None

    @cached_property
    def dataset(self) -> ImageDataset:
        """The images, of a family at the largest resolution.

        Raises:
            ConfigError: none are given.
            DataError: they cannot be used.
        """
        if self.images is None:
            raise ConfigError("this estimator needs images, and none are given; name some as data")
        return self.images()

    def dataset_at(self, resolution: int) -> ImageDataset:
        """The same images at a resolution of the space, as preprocessing would make them.

        Raises:
            ConfigError: none are given, or none of that resolution.
            DataError: they cannot be used, or are not the same ones.
        """
        return self._datasets[resolution]

    @cached_property
    def _datasets(self) -> "_Datasets":
        return _Datasets(self)

    @property
    def one_space(self) -> SearchSpace:
        """The space, for an estimator that scores no family.

        Raises:
            ConfigError: it is a family.
        """
        if not isinstance(self.space, SearchSpace):
            raise ConfigError(
                f"this estimator is of one resolution and one width, and {self.space.name} has "
                f"{len(self.space.members)}; name one of each"
            )
        return self.space

    @property
    def images_fingerprint(self) -> str:
        """Of the images at every resolution of the space; of one it is that of `dataset`.

        Raises:
            ConfigError, DataError: see `dataset_at`.
        """
        return fingerprint_of([self.dataset_at(one) for one in self.space.resolutions])

    @cached_property
    def recipe(self) -> TrainConfig:
        """How weights are trained, with numbers for `auto`, which follow from the images.

        Raises:
            ConfigError: no training settings, or no images are given.
            DataError: images that cannot be used.
        """
        if self.training is None:
            raise ConfigError(
                "this estimator needs training settings, and none are given; give at least epochs"
            )
        images = len(self.dataset.train)
        return resolved(self.training, images, self.space.largest_resolution, SUPERNET_LENGTH)

    @property
    def device(self) -> str:
        """Where networks run: "cpu", "cuda", or "auto" for a GPU where there is one."""
        return "auto" if self.training is None else self.training.device

    @property
    def weights_file(self) -> Path:
        """The file of what is trained.

        Raises:
            ConfigError: none is named.
        """
        if self.weights is None:
            raise ConfigError(
                "this estimator needs trained weights, and no file of them is named; name one as "
                "weights"
            )
        return self.weights

    @property
    def csv_file(self) -> Path:
        """The file of known accuracies.

        Raises:
            ConfigError: none is named.
        """
        if self.file is None:
            raise ConfigError(
                "this estimator reads a CSV of accuracies, and none is named; name one as file"
            )
        return self.file


class _Datasets(dict[int, ImageDataset]):
    """The images by their resolution, read when they are first asked for."""

    def __init__(self, inputs: EstimatorInputs) -> None:
        super().__init__()
        self._inputs = inputs

    def __missing__(self, resolution: int) -> ImageDataset:
        inputs = self._inputs
        if resolution == inputs.space.largest_resolution:
            found = inputs.dataset
        elif inputs.images_at is None:
            raise ConfigError(
                f"this estimator needs images at {resolution} pixels too, and the given ones are "
                f"of {inputs.space.largest_resolution}; name a folder or a dataset as data"
            )
        else:
            found = inputs.images_at(resolution)
            check_same_images(found, inputs.dataset)
        self[resolution] = found
        return found
