"""NAS-Bench-Macro with its images: supernets of its space, trained here, and what they say.

CIFAR-10 in 16×16 pixels, a quarter of the size of which the published accuracies are, lets a CPU
train them.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.macro_table import Macro
from hwnas.core.files import write_atomically
from hwnas.data import ImageDataset, load_dataset
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.spaces import Architectures, SearchSpace, load_space
from hwnas.supernet.supernet import Supernet
from hwnas.training.rules import supernet_rule
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train

RuleName = Literal["single_path", "sandwich"]

# Of a sandwich step: the largest, the smallest, two random ones.
SANDWICH_PASSES = 4


@dataclass(frozen=True)
class MacroImages:
    """One experiment: which images, how long supernets are trained, what is ranked.

    Attributes:
        data: the folder of CIFAR-10's training images, <class>/*.jpg.
        table: the JSON file of published accuracies.
        work: where weights and scores are kept; a stopped benchmark goes on.
        epochs: of the supernet with the sandwich rule.
        networks: how many are drawn for each seed.
        validation: images that a network is judged by.
    """

    data: Path
    table: Path
    work: Path
    resolution: int
    epochs: int
    networks: int
    validation: int

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """The options that are the attributes."""
        parser.add_argument("--data", type=Path, required=True, help="CIFAR-10's train folder")
        parser.add_argument("--table", type=Path, required=True, help="nas-bench-macro_cifar10")
        parser.add_argument("--work", type=Path, default=Path("runs/ranking"))
        parser.add_argument("--resolution", type=int, default=16)
        parser.add_argument("--epochs", type=int, default=5)
        parser.add_argument("--networks", type=int, default=500)
        parser.add_argument("--validation", type=int, default=2000)

    @cached_property
    def macro(self) -> Macro:
        """The published accuracies."""
        return Macro.load(self.table)

    @cached_property
    def space(self) -> SearchSpace:
        """The benchmark's space at the images' resolution."""
        return load_space("nas_bench_macro", resolution=self.resolution)

    @cached_property
    def dataset(self) -> ImageDataset:
        """The images, with only some of those for validation."""
        images = load_dataset(str(self.data), resolution=self.resolution)
        return replace(images, validation=images.validation.sample(self.validation))

    def drawn(self, seed: int) -> NDArray[np.int64]:
        """(networks,) places in the table of the networks that a seed ranks."""
        return self.macro.drawn(seed, self.networks)

    def rows(self, seed: int) -> Architectures:
        """(networks, L) their architectures."""
        return self.macro.rows[self.drawn(seed)]

    def recipe(self, rule: RuleName, seed: int) -> TrainConfig:
        """Of a supernet; both rules see equally many images, counted by passes."""
        epochs = self.epochs if rule == "sandwich" else SANDWICH_PASSES * self.epochs
        return TrainConfig(
            epochs=epochs,
            batch_size=128,
            learning_rate=0.1,
            weight_decay=2e-4,
            warmup_epochs=0.05 * epochs,
            label_smoothing=0.0,
            crop_padding=self.resolution // 8,
            clip=5.0,
            rule=rule,
            seed=seed,
        )

    def supernet(self, rule: RuleName, seed: int) -> Supernet:
        """A trained supernet."""
        supernet, config = Supernet(self.space, seed=seed), self.recipe(rule, seed)
        train(
            supernet,
            self.dataset.train,
            config,
            rule=supernet_rule(config, self.space),
            checkpoint=self.work / f"{rule}-{self.epochs}-{seed}.safetensors",
        )
        return supernet

    def judged(self, rule: RuleName, seed: int) -> NDArray[np.float64]:
        """(networks,) accuracies with the weights of a trained supernet, in per cent."""

        def judge() -> NDArray[np.float64]:
            source = SupernetAccuracy(self.supernet(rule, seed), self.dataset)
            return source.evaluate_architectures(self.rows(seed))

        return self.kept(f"{rule}-{self.epochs}", seed, judge)

    def kept(
        self, name: str, seed: int, compute: Callable[[], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """(networks,) scores of a seed: computed once, and read again after that."""
        size = f"{self.resolution}px-{self.networks}-{self.validation}"
        path = self.work / f"scores-{name}-{size}-{seed}.json"
        if not path.is_file():
            scores = compute()
            self.work.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(scores.tolist()))
        return np.array(json.loads(path.read_text(encoding="utf-8")))
