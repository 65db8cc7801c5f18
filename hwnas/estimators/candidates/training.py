"""Training one network of a space: from random weights, or those it inherits from a pretrained one.

What `accuracy.estimator: trained` does with every candidate, and `hwnas rank --truth trained` with
every network of its truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hwnas.core.digests import digest
from hwnas.data.dataset import ImageDataset
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet.start import start_supernet
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import Architectures, Space
from hwnas.spaces.references.of_space import published_of
from hwnas.supernet.supernet import Supernet
from hwnas.training.auto import SUPERNET_LENGTH, resolved
from hwnas.training.train_config import TrainConfig


@dataclass(frozen=True)
class Candidates:
    """The networks of a space, each to be trained alone on images of its own resolution.

    Attributes:
        space: theirs.
        datasets: the images by resolution.
        recipes: how networks of a resolution are trained.
        conventions: of networks that start from random weights.
        supernet: around a pretrained network, at its start; networks inherit from it.
    """

    space: Space
    datasets: Mapping[int, ImageDataset]
    recipes: Mapping[int, TrainConfig]
    conventions: Conventions = USUAL
    supernet: Supernet | None = None

    @classmethod
    def of(cls, inputs: EstimatorInputs) -> "Candidates":
        """The networks of an estimator's space, by its images and its training settings.

        Random weights have the batch norm epsilon of the space's reference, as the exported winner
        has that is trained from scratch.

        Raises:
            ConfigError: no images or training settings are given, or the pretrained network cannot
                be trained on these images.
            DataError: images that cannot be used.
        """
        space = inputs.space
        inherits = inputs.pretrained is not None
        supernet = start_supernet(inputs).supernet if inherits else None
        reference = None if inherits else published_of(space)
        epsilon = USUAL.epsilon if reference is None else reference.conventions.epsilon
        return cls(
            space,
            {each: inputs.dataset_at(each) for each in space.resolutions},
            {each: _recipe(inputs, each) for each in space.resolutions},
            replace(USUAL, epsilon=epsilon),
            supernet,
        )

    @property
    def identity(self) -> dict[str, str]:
        """What trained weights depend on beside space and images, as texts by name."""
        each = [f"{pixels} {recipe.settings}" for pixels, recipe in self.recipes.items()]
        return {"training": digest("\n".join(each)), "start": self.start or "random weights"}

    @property
    def start(self) -> str:
        """What tells other weights to start from, or other batch norms; "" for usual random ones.

        That is a hash.
        """
        supernet, text = self.supernet, self.conventions.text
        if supernet is not None:
            text = f"{supernet.start} {supernet.conventions.text}"
        return digest(text) if text else ""

    def dataset_of(self, architecture: Architectures) -> ImageDataset:
        """The images of an architecture (L,)."""
        return self.datasets[self.space.member(architecture).resolution]

    def recipe_of(self, architecture: Architectures, seed: int = 0) -> TrainConfig:
        """How the network of an architecture (L,) is trained; a seed is added to the settings'."""
        recipe = self.recipes[self.space.member(architecture).resolution]
        return recipe.model_copy(update={"seed": recipe.seed + seed})

    def module(self, architecture: Architectures, seed: int) -> NetworkModule:
        """The network of an architecture (L,) as its training starts.

        Args:
            architecture: of the space.
            seed: of random weights.
        """
        if self.supernet is None:
            return NetworkModule(self.space.network(architecture), seed, self.conventions)
        module = self.supernet.extract(architecture)
        module.start = self.supernet.start
        return module


def _recipe(inputs: EstimatorInputs, resolution: int) -> TrainConfig:
    """Of single networks: what spares trained weights would keep random ones from learning."""
    assert inputs.training is not None  # `inputs.recipe` was refused before
    images = len(inputs.dataset.train)
    recipe = resolved(inputs.training, images, resolution, SUPERNET_LENGTH)
    if inputs.pretrained is not None:
        return recipe
    return recipe.model_copy(update={"body_rate": 1.0, "frozen_epochs": 0})
