"""What a policy costs beside a step of the training that it draws paths for.

    OMP_NUM_THREADS=2 python -m benchmarks.policy_cost --json

A supernet of `mobilenet_v3_large` (20 slots of 9 or 10 choices) is trained at 64 px along single
paths, which a policy draws and learns of; both are timed in the same steps. What a policy knows
grows, so it is also timed alone after `--draws` draws, beside the same steps. `mdenas` learns at
the end of an epoch; what it costs there is spread over the steps.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.data.dataset import ImageDataset, Split
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet.paths import PolicyPaths, paths_of
from hwnas.search.policies import POLICIES
from hwnas.spaces import Architectures, SearchSpace, load_space
from hwnas.supernet.supernet import Supernet
from hwnas.training.rules import SinglePath
from hwnas.training.train_config import UNIFORM, TrainConfig, TrainSettings
from hwnas.training.trainer import train


class Timed(PolicyPaths):
    """Adds up the seconds that the policy takes."""

    seconds = 0.0

    @override
    def draw(self, count: int, resolution: int, generator: np.random.Generator) -> Architectures:
        start = time.perf_counter()
        drawn = super().draw(count, resolution, generator)
        self.seconds += time.perf_counter() - start
        return drawn

    @override
    def learn_losses(self, paths: Architectures, losses: NDArray[np.float64]) -> None:
        start = time.perf_counter()
        super().learn_losses(paths, losses)
        self.seconds += time.perf_counter() - start

    @override
    def learn_accuracies(self, paths: Architectures, accuracies: NDArray[np.float64]) -> None:
        start = time.perf_counter()
        super().learn_accuracies(paths, accuracies)
        self.seconds += time.perf_counter() - start


def main() -> None:
    """Prints a line a policy, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batch", type=int, default=32, help="the smallest that auto takes")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    space = load_space("mobilenet_v3_large", resolution=64, classes=10)
    result = {}
    for name in POLICIES.ours:
        if name == UNIFORM:
            continue
        result[name] = _cost(space, name, options)
        print(f"{name:8} {result[name]}", flush=True)
    print(json.dumps(result))


def _cost(space: SearchSpace, name: str, options: argparse.Namespace) -> dict[str, float]:
    images = _images(options.batch * options.steps, space.resolution)
    settings = TrainSettings(epochs=1, batch_size=options.batch, paths=name)
    with tempfile.TemporaryDirectory() as folder:
        timed = _timed(space, images, settings)
        steps = _steps(space, images, settings, timed, Path(folder))
    within = timed.seconds / options.steps
    later = _timed(space, images, settings, options.draws)
    random = np.random.default_rng(0)
    for _ in range(options.draws - options.steps):
        _turn(later, random)
    later.seconds = 0.0
    for _ in range(options.steps):
        _turn(later, random)
    step = statistics.median(steps)
    return {
        "step_ms": round(1e3 * step, 1),
        "policy_ms": round(1e3 * within, 2),
        "share": round(within / step, 4),
        "policy_ms_later": round(1e3 * later.seconds / options.steps, 2),
        "share_later": round(later.seconds / options.steps / step, 4),
    }


def _turn(paths: Timed, random: np.random.Generator) -> None:
    drawn = paths.draw(1, 0, random)
    if not paths.judged:
        paths.learn_losses(drawn, random.random(1))


def _timed(
    space: SearchSpace, images: ImageDataset, settings: TrainSettings, draws: int = 0
) -> Timed:
    assert isinstance(settings.batch_size, int)
    epochs = max(1, draws // (len(images.train) // settings.batch_size))
    training = settings.model_copy(update={"epochs": epochs})
    inputs = EstimatorInputs(space, images=lambda: images, training=training)
    made = paths_of(inputs)
    assert isinstance(made, PolicyPaths)
    return Timed(made.policy)


def _steps(
    space: SearchSpace,
    images: ImageDataset,
    settings: TrainSettings,
    paths: Timed,
    folder: Path,
) -> list[float]:
    """Seconds of every step but the first."""
    config = TrainConfig.model_validate(settings.model_dump() | {"learning_rate": 0.01})
    ends: list[float] = []

    def ended(*_: Any) -> None:
        ends.append(time.perf_counter())

    train(
        Supernet(space),
        (images.train,),
        config,
        checkpoint=folder / "supernet.safetensors",
        rule=SinglePath(space, drawn_by=paths),
        progress=ended,
        judge=lambda _, rows: np.random.default_rng(0).random(len(rows)),
    )
    return np.diff(ends).tolist()


def _images(count: int, resolution: int) -> ImageDataset:
    random = np.random.default_rng(0)
    size = (count, 3, resolution, resolution)
    split = Split(
        random.integers(0, 256, size, dtype=np.uint8), random.integers(0, 10, count, dtype=np.int64)
    )
    few = split.sample(20)
    return ImageDataset("random", tuple("abcdefghij"), split, few, few)


if __name__ == "__main__":
    main()
