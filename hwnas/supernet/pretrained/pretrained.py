"""Pretrained: a network with the weights that someone published."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Block, Head, Network
from hwnas.networks.conventions import Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.training.checkpoint import weights_digest


@dataclass(frozen=True)
class Pretrained:
    """A network and its weights, by our names, whatever file they came in.

    Attributes:
        source: what the user wrote: a path, or "timm:NAME".
        network_name: as in "timm/mobilenet_v3_small", for people and as the name of a reference.
        conventions: of whoever published the weights.
        blocks: at some resolution, with the classes of the weights; see `network`.
        state: float32 tensors as `NetworkModule` names them: `block0.conv.weight`,
            `block3.expand.norm.running_mean`, …
    """

    source: str
    network_name: str
    conventions: Conventions
    blocks: Network
    state: Mapping[str, Tensor]

    @property
    def classes(self) -> int:
        """Number of logits of the weights."""
        return self.blocks[-1].out_channels

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits of names and values, whatever the file's format."""
        return weights_digest(dict(sorted(self.state.items())))

    @property
    def classifier(self) -> str:
        """What the names of the last layer's tensors begin with, as in "block17.classifier."."""
        return f"block{len(self.blocks) - 1}.classifier."

    def network(self, resolution: int, classes: int | None = None) -> Network:
        """Its blocks for images of another size, and for other classes.

        Args:
            resolution: height and width of the images.
            classes: number of logits; those of the weights without it.

        Raises:
            ConfigError: its last block, of someone else's kind, has no classes to change.
        """
        found: list[Block] = []
        for block in self.blocks:
            # Every kind has this field; see Block.
            found.append(replace(block, resolution=resolution))  # type: ignore[type-var]
            resolution = found[-1].out_resolution
        head = found[-1]
        if classes is None or classes == head.out_channels:
            return tuple(found)
        if not isinstance(head, Head):
            raise ConfigError(
                f"{self.source} ends in a block of kind {head.kind}, whose {head.out_channels} "
                f"classes cannot become {classes}; name a network that ends in a head"
            )
        return (*found[:-1], replace(head, classes=classes))

    def module(self, resolution: int, classes: int | None = None, seed: int = 0) -> NetworkModule:
        """The network with its weights; the classifier is a new one for other classes.

        Args:
            resolution: height and width of the images.
            classes: number of logits; those of the weights without it.
            seed: of a new classifier.
        """
        network = self.network(resolution, classes)
        module = NetworkModule(network, seed, self.conventions)
        keeps_classifier = network[-1].out_channels == self.classes
        module.load_state_dict(
            {
                name: tensor
                for name, tensor in self.state.items()
                if keeps_classifier or not name.startswith(self.classifier)
            },
            strict=keeps_classifier,
        )
        module.start = self.digest
        return module
