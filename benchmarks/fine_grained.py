"""Gates on channels: what FiGS and pruning keep, against networks of equal cost.

    OMP_NUM_THREADS=1 python -m benchmarks.fine_grained --data cifar/train [--work DIR] [--json]

`sweep`: FiGS with `--lambdas` of the linear penalty of expected MACs beside those of the largest
network. The network of the gates above 0 is trained anew, and so are two others: the largest one
with every count of channels times one width, and one whose blocks all keep the same share of their
gates (`even`), each of as nearly equal MACs as channels in eights allow. Validation accuracies in
percent of `--seeds` each; `wins` and `wins_even` count the lambdas where FiGS' mean is not below,
though it has not more MACs, give or take 5 %. `monotone` is whether MACs fall, or stay, from one
lambda to the next.

`transfer`: pruning learns on the images of five classes of CIFAR-10; its network is trained anew on
`--few` images a class of the other five, and so are `--random` networks of the same space whose
MACs are within 3 %. `above_one_deviation` is whether its mean is at least the mean of theirs and
one standard deviation.

The space is `benchmarks/fine_grained_space.yaml` with `--step` channels from one width to the next.
What was computed is kept in `--work`: a stopped run goes on.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hwnas.core.files import write_atomically
from hwnas.data import ImageDataset, Split, load_dataset
from hwnas.estimators.gated.estimator import FIGS, PRUNING, GatedEstimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.costs import MACS
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, SearchSpace, load_space
from hwnas.spaces.extremes import largest
from hwnas.training.evaluation import accuracy
from hwnas.training.train_config import TrainConfig, TrainSettings
from hwnas.training.trainer import train

SPACE = str(Path(__file__).with_name("fine_grained_space.yaml"))
RESOLUTION = 16
_NEAR, _ALIKE = 0.03, 0.05
_WIDTHS = np.arange(0.1, 1.51, 0.01)


@dataclass(frozen=True)
class Setting:
    """What the options say, and what is kept."""

    data: Path
    work: Path
    images: int
    step: int
    gate_epochs: int
    epochs: int
    few_epochs: int
    few: int
    random: int
    seeds: int
    lambdas: tuple[float, ...]
    relaxation: Mapping[str, Any]

    @cached_property
    def dataset(self) -> ImageDataset:
        """Some of CIFAR-10's training images."""
        return load_dataset(str(self.data), resolution=RESOLUTION, limit=self.images)

    def space(self, classes: int) -> SearchSpace:
        """With fine widths."""
        return load_space(SPACE, classes=classes, expansion_step=self.step)

    def recipe(self, epochs: int, **settings: Any) -> TrainSettings:
        """Of everything that is trained here."""
        return TrainSettings(
            epochs=epochs, batch_size=64, learning_rate=0.1, weight_decay=2e-4, label_smoothing=0.0,
            warmup_epochs=0.05 * epochs, crop_padding=RESOLUTION // 8, clip=5.0, **settings,
        )  # fmt: skip

    def kept(self, name: str, compute: Callable[[], Any]) -> Any:
        """What was computed before, or is now."""
        path = self.work / f"{name}.json"
        if not path.is_file():
            found = compute()
            self.work.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(found))
        return json.loads(path.read_text(encoding="utf-8"))

    def chosen(
        self, name: str, estimator: GatedEstimator, images: ImageDataset, space: SearchSpace
    ) -> Architectures:
        """(L,) the network of the gates that a training leaves above 0."""
        most = Trellis.of(space, MACS).evaluate(largest(space)[None])[0]
        inputs = EstimatorInputs(
            space,
            images=lambda: images,
            weights=self.work / f"{name}.safetensors",
            training=self.recipe(self.gate_epochs, budgets={"macs": float(most)}),
        )
        self.work.mkdir(parents=True, exist_ok=True)
        estimator.train(inputs)
        effects = estimator.scores(inputs).effects
        assert effects is not None
        row = np.array([int(values.argmax()) for values in effects.values])
        found: Architectures = space.canonical(row)[0]
        return found

    def trained(
        self, name: str, network: Network, split: Split, judged: Split, epochs: int
    ) -> list[float]:
        """Accuracies of a network that is trained from scratch, a number a seed."""

        def accuracies() -> list[float]:
            found = []
            for seed in range(self.seeds):
                module = NetworkModule(network, seed)
                config = TrainConfig.model_validate(
                    self.recipe(epochs, seed=seed).model_dump(exclude_unset=True)
                )
                path = self.work / f"{name}-{seed}.safetensors"
                train(module, split, config, checkpoint=path)
                found.append(accuracy(module, judged))
                path.unlink()
            return found

        found: list[float] = self.kept(name, accuracies)
        print(f"{name:28} {np.mean(found):6.2f} %  {[round(one, 2) for one in found]}", flush=True)
        return found


def sweep(setting: Setting) -> dict[str, Any]:
    """FiGS over the lambdas."""
    space, data = setting.space(10), setting.dataset
    points = []
    for weight in setting.lambdas:
        name = f"figs-{weight:g}"
        estimator = FIGS.with_relaxation(
            {"penalty": {"linear": {"weight": weight}}, **setting.relaxation}
        )
        row = setting.chosen(name, estimator, data, space)
        network = space.network(row)
        width, scaled = _scaled(_macs(network))
        share, even = _even(space, _macs(network))
        points.append(
            {
                "lambda": weight,
                "architecture": row.tolist(),
                "macs": _macs(network),
                "figs": setting.trained(
                    f"{name}-anew", network, data.train, data.validation, setting.epochs
                ),
                "width": width,
                "width_macs": _macs(scaled),
                "scaled": setting.trained(
                    f"width-{width:g}", scaled, data.train, data.validation, setting.epochs
                ),
                "share": share,
                "even_macs": _macs(even),
                "even": setting.trained(
                    f"share-{share:g}", even, data.train, data.validation, setting.epochs
                ),
            }
        )
        print(f"{name}: {points[-1]['macs']:,} MACs, width {width:g}, {share:.0%}", flush=True)
    macs = [point["macs"] for point in points]
    return {
        "points": points,
        "monotone": macs == sorted(macs, reverse=True),
        "wins": sum(_wins(one, "scaled", "width_macs") for one in points),
        "wins_even": sum(_wins(one, "even", "even_macs") for one in points),
    }


def _wins(point: Mapping[str, Any], other: str, macs: str) -> bool:
    """Whether FiGS' network is no worse than another, and no larger."""
    return bool(
        np.mean(point["figs"]) >= np.mean(point[other])
        and point["macs"] <= (1 + _ALIKE) * point[macs]
    )


def transfer(setting: Setting) -> dict[str, Any]:
    """Pruning on five classes, judged on the others."""
    space, data = setting.space(5), setting.dataset
    first, second = (_of_classes(data, half) for half in (range(5), range(5, 10)))
    few = second.train.at(
        np.concatenate([np.flatnonzero(second.train.labels == k)[: setting.few] for k in range(5)])
    )
    estimator = PRUNING.with_relaxation(
        {"penalty": {"linear": {"weight": setting.lambdas[-1]}}, **setting.relaxation}
    )
    row = setting.chosen("pruning", estimator, first, space)
    macs = Trellis.of(space, MACS)
    wanted = float(macs.evaluate(row[None])[0])
    drawn = space.sample(np.random.default_rng(0), 50_000)
    near = np.flatnonzero(np.abs(macs.evaluate(drawn) / wanted - 1) <= _NEAR)[: setting.random]

    def judged(name: str, architecture: Architectures) -> list[float]:
        network = space.network(architecture)
        return setting.trained(name, network, few, second.validation, setting.few_epochs)

    ours = judged("pruning-anew", row)
    others = [float(np.mean(judged(f"random-{one}", drawn[one]))) for one in near]
    mean, deviation = float(np.mean(others)), float(np.std(others, ddof=1)) if others[1:] else 0.0
    return {
        "architecture": row.tolist(),
        "macs": wanted,
        "pruning": ours,
        "random": others,
        "random_mean": mean,
        "random_deviation": deviation,
        "above_one_deviation": bool(len(others) > 1 and np.mean(ours) >= mean + deviation),
    }


def _of_classes(data: ImageDataset, labels: range) -> ImageDataset:
    """The images of five classes, which are numbered from 0."""

    def part(split: Split) -> Split:
        inside = split.of_classes(np.array(labels))
        return Split(inside.images, inside.labels - labels.start)

    return replace(
        data,
        class_names=data.class_names[labels.start : labels.stop],
        train=part(data.train),
        validation=part(data.validation),
        test=part(data.test),
    )


def _macs(network: Network) -> int:
    return sum(layer.macs for block in network for layer in block.layers())


def _scaled(macs: int) -> tuple[float, Network]:
    """The width, and the largest network of that width whose MACs come nearest."""
    found = []
    for width in _WIDTHS.round(2).tolist():
        space = load_space(SPACE, width=width)
        network = space.network(largest(space))
        found.append((abs(_macs(network) - macs), width, network))
    _, width, network = min(found, key=lambda one: one[:2])
    return width, network


def _even(space: SearchSpace, macs: int) -> tuple[float, Network]:
    """The share of the widths of all blocks whose MACs come nearest, and that network."""
    found = []
    most = largest(space)
    for share in np.linspace(0, 1, 101).round(2).tolist():
        row = np.ceil(share * most).astype(most.dtype)
        network = space.network(space.canonical(row)[0])
        found.append((abs(_macs(network) - macs), share, network))
    _, share, network = min(found, key=lambda one: one[:2])
    return share, network


def main() -> None:
    """Prints a line a training, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="CIFAR-10's train folder")
    parser.add_argument("--work", type=Path, default=Path("runs/fine_grained"))
    parser.add_argument("--images", type=int, default=6000, help="of all classes, with validation")
    parser.add_argument("--step", type=int, default=8)
    parser.add_argument("--gate-epochs", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--few-epochs", type=int, default=20)
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--random", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--lambdas", type=float, nargs="+", default=[0.03, 0.1, 0.3, 1.0])
    parser.add_argument("--relaxation", type=json.loads, default={"rate": 0.1}, help="further keys")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = vars(parser.parse_args())
    parts = options.pop("parts")
    del options["json"]
    torch.set_num_threads(1)
    setting = Setting(**options | {"lambdas": tuple(options["lambdas"])})
    print(json.dumps({name: PARTS[name](setting) for name in parts}))


PARTS: dict[str, Callable[[Setting], dict[str, Any]]] = {"sweep": sweep, "transfer": transfer}


if __name__ == "__main__":
    main()
