"""Images a second of a supernet's training beside plain PyTorch training of the same networks.

    python -m benchmarks.training_speed [--rounds 7] [--networks 8] [--threads N]

Both sides train the same random architectures, a step each, on the same batches: ours one supernet
by its trainer's own parts, the rival a hand-written module for each (`benchmarks/plain_network.py`)
in channels_last with PyTorch's fused SGD. They take turns, so that a busy machine slows both.

`ready` hands both sides finished batches. `with_batches` has ours make its own meanwhile (order,
shift, flip, normalisation), while the rival still gets finished ones: what the trainer as a whole
loses. `ratio` is the lowest of these.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.plain_network import plain_network
from hwnas.data import Split
from hwnas.networks.blocks import Network
from hwnas.objectives.costs import block_parameters
from hwnas.spaces import Architectures, SearchSpace, load_space
from hwnas.supernet.supernet import Supernet
from hwnas.training.batches import Batches, prefetch
from hwnas.training.distributed import Group
from hwnas.training.rules import Pass, SinglePath
from hwnas.training.steps import Steps
from hwnas.training.train_config import TrainConfig

CPU = torch.device("cpu")
SPACES = {"mobilenet_v3_small": 64, "nas_bench_macro": 16}
BATCH = 128
Batch = tuple[Tensor, Tensor]


def main() -> None:
    """Prints a line for each space, and the ratios as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--networks", type=int, default=8)
    parser.add_argument("--threads", type=int, default=None, help="default: PyTorch's own")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    result: dict[str, float] = {}
    for name, resolution in SPACES.items():
        space = load_space(name, resolution=resolution, classes=10)
        result |= compare(space, options.rounds, options.networks)
    ratios = [value for key, value in result.items() if key.endswith(("ready", "with_batches"))]
    result["ratio"] = min(ratios)
    print(json.dumps({key: round(value, 4) for key, value in result.items()}))


class Given(SinglePath):
    """Single-path training through given architectures, one after the other."""

    def __init__(self, space: SearchSpace, architectures: Architectures) -> None:
        super().__init__(space)
        self._architectures, self._step = architectures, 0

    def passes(
        self,
        module: torch.nn.Module,
        inputs: Tensor,
        target: Tensor,
        generator: np.random.Generator,
        smoothing: float,
    ) -> list[Pass]:
        """The one pass, through the next architecture."""
        del generator
        row = self._architectures[self._step % len(self._architectures)]
        self._step += 1
        loss = functional.cross_entropy
        return [lambda: loss(module(inputs, row), target, label_smoothing=smoothing)]


def compare(space: SearchSpace, rounds: int, count: int) -> dict[str, float]:
    """Ratios of one space, medians over rounds of `count` steps a side."""
    rows = space.sample(np.random.default_rng(0), count)
    config = TrainConfig(epochs=1000, batch_size=BATCH)
    supernet = Supernet(space).train()
    steps = Steps(supernet, config, Given(space, rows), Group(), CPU)
    rivals = [Rival(network, config) for network in space.networks(rows)]
    batches = Batches(random_images(space, count), config, space.classes)
    ready = [batches.inputs(step) for step in range(count)]

    def ours(made: Callable[[], Iterable[Batch]]) -> float:
        start = time.perf_counter()
        for step, (inputs, target) in enumerate(made()):
            steps.run(step, inputs, target, 0.01)
        return time.perf_counter() - start

    def theirs() -> float:
        start = time.perf_counter()
        for rival, (inputs, target) in zip(rivals, ready, strict=True):
            rival.step(inputs, target)
        return time.perf_counter() - start

    sides: dict[str, Callable[[], float]] = {
        "ready": lambda: ours(lambda: ready),
        "plain": theirs,
        "with_batches": lambda: ours(lambda: prefetch(batches, range(count), CPU)),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        order = list(sides) if number % 2 else list(reversed(sides))
        for name in order:
            taken = sides[name]()
            if number:  # the first round warms up
                seconds[name].append(taken)
    rate = BATCH * count / statistics.median(seconds["plain"])
    result = {f"{space.name}_images_per_second_plain": rate}
    for name in ("ready", "with_batches"):
        ratios = [plain / one for plain, one in zip(seconds["plain"], seconds[name], strict=True)]
        result[f"{space.name}_{name}"] = statistics.median(ratios)
        line = f"{space.name} {name}: {statistics.median(ratios):.3f} of plain PyTorch "
        print(f"{line}({min(ratios):.3f} to {max(ratios):.3f})", file=sys.stderr)
    return result


class Rival:
    """One network and its optimizer, trained the way a tutorial does it."""

    def __init__(self, network: Network, config: TrainConfig) -> None:
        self._module = plain_network(network).train()
        ours = sum(map(block_parameters, network))
        assert sum(p.numel() for p in self._module.parameters()) == ours, "not the same network"
        self._smoothing = config.label_smoothing
        self._optimizer = torch.optim.SGD(
            self._module.parameters(),
            lr=0.01,
            momentum=config.momentum,
            nesterov=True,
            weight_decay=config.weight_decay,
            fused=True,
        )

    def step(self, inputs: Tensor, target: Tensor) -> float:
        """One step; the loss."""
        loss = functional.cross_entropy(
            self._module(inputs), target, label_smoothing=self._smoothing
        )
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return float(loss.detach())


def random_images(space: SearchSpace, batches: int) -> Split:
    """Noise for some batches; what is in an image does not change how long it takes."""
    generator = np.random.default_rng(0)
    shape = (BATCH * batches, 3, space.resolution, space.resolution)
    pixels = generator.integers(0, 256, shape, dtype=np.uint8)
    return Split(pixels, generator.integers(0, space.classes, len(pixels)))


if __name__ == "__main__":
    main()
