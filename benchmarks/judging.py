"""What judging a network takes, beside one plain pass of the same images through it.

    python -m benchmarks.judging [--spaces NAME …] [--images 269] [--networks 3] [--rounds 5]
        [--threads 1] [--json]

Random networks of three spaces are judged with the weights of a supernet: recalibrated on 384
images, evaluated on `--images` others. The same networks as `torch.nn` modules run all these images
once, in each way that needs no compiler: eager or traced and frozen by `torch.jit` or optimised by
it for inference, batch norms as they are or folded, in batches of 16, 32, 128 or 512; in inference
mode, the inputs ready in channels_last. Folding and tracing are not counted. The judge's own folded
network is one more rival.

The quickest two rivals of a short heat with the first network of a space run in turns with the
judge. `ratio` is the median of the
judge's seconds over that of the quickest rival. Times are of the processor with one thread, which
depend little on what else the machine does, and of the clock with more.
"""

import argparse
import copy
import json
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from benchmarks.plain_network import plain_network
from hwnas.data import ImageDataset, Split
from hwnas.data.preprocessing import to_input
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.networks.inference import FoldedNetwork, weighted_blocks
from hwnas.networks.norm_statistics import norm_statistics
from hwnas.spaces import Architectures, SearchSpace, load_space
from hwnas.supernet.supernet import Supernet

SPACES = {"mobilenet_v3_small": 48, "nas_bench_macro": 48, "mobilenet_v3_large": 64}
"""And the pixels of their images."""
RECALIBRATION_IMAGES = 384
BATCHES = (16, 32, 128, 512)
HEAT_IMAGES = 256
QUICKEST = 2
"""How many rivals are left after the heat, which is one round."""

Work = Callable[[], object]


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--spaces", nargs="+", default=list(SPACES), choices=SPACES)
    parser.add_argument("--images", type=int, default=269, help="of validation")
    parser.add_argument("--networks", type=int, default=3, help="of each space")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit is to be given up one day
    clock = time.process_time if options.threads == 1 else time.perf_counter
    found: dict[str, Any] = {"threads": options.threads, "images": options.images}
    for name in options.spaces:
        resolution = SPACES[name]
        space = load_space(name, resolution=resolution, classes=10)
        supernet = Supernet(space)
        images = noise(space, options.images)
        judge = SupernetAccuracy(supernet, images, recalibration_images=RECALIBRATION_IMAGES)
        inputs = to_input(np.concatenate([images.train.images, images.validation.images]))
        rows = space.sample(np.random.default_rng(0), options.networks)
        quickest = heat(judge, rows[0], inputs, clock)
        networks = [compared(judge, row, inputs, quickest, options.rounds, clock) for row in rows]
        ratios = [one["judge_ms"] / one["plain_ms"] for one in networks]
        found[f"{name}_{resolution}px"] = {"ratio": statistics.median(ratios), "networks": networks}
    print(json.dumps(found))


def noise(space: SearchSpace, validation: int) -> ImageDataset:
    """Random images of the size of a space."""
    generator = np.random.default_rng(0)

    def split(count: int) -> Split:
        shape = (count, 3, space.resolution, space.resolution)
        pixels = generator.integers(0, 256, shape, dtype=np.uint8)
        return Split(pixels, generator.integers(0, space.classes, count))

    names = tuple(map(str, range(space.classes)))
    return ImageDataset("noise", names, split(RECALIBRATION_IMAGES), split(validation), split(1))


def heat(
    judge: SupernetAccuracy, row: Architectures, inputs: Tensor, clock: Callable[[], float]
) -> list[str]:
    """The names of the quickest rivals of the judge for an architecture (L,)."""
    rivals = passes(judge.supernet, row, inputs[:HEAT_IMAGES])
    taken = medians(rivals, 1, clock)
    return sorted(rivals, key=lambda name: taken[name])[:QUICKEST]


def compared(
    judge: SupernetAccuracy,
    row: Architectures,
    inputs: Tensor,
    quickest: Sequence[str],
    rounds: int,
    clock: Callable[[], float],
) -> dict[str, Any]:
    """Milliseconds of judging one architecture (L,) and of its quickest plain pass."""
    rivals = passes(judge.supernet, row, inputs, quickest)
    last = medians({"": lambda: judge.judge(row)} | rivals, rounds, clock)
    plain = min(rivals, key=lambda name: last[name])
    return {"judge_ms": 1e3 * last[""], "plain_ms": 1e3 * last[plain], "plain": plain}


def passes(
    supernet: Supernet, row: Architectures, inputs: Tensor, chosen: Sequence[str] = ()
) -> dict[str, Work]:
    """A plain pass of an architecture (L,) in every way and batch, or in those of some names."""
    found = {
        f"{name}, batches of {batch}": passed(network, inputs, batch)
        for name, network in plain_networks(supernet, row, inputs)
        for batch in BATCHES
    }
    return {name: found[name] for name in chosen or found}


def plain_networks(
    supernet: Supernet, row: Architectures, inputs: Tensor
) -> Iterator[tuple[str, Callable[[Tensor], Tensor]]]:
    """The network of an architecture (L,) in every way, by name."""
    eager = plain_network(supernet.space.network(row)).eval()
    folded = folded_norms(eager)
    yield "eager", eager
    yield "folded", folded
    with torch.no_grad():
        trace: Callable[..., Any] = torch.jit.trace
        traced = trace(eager, inputs[:64])
        yield "frozen", torch.jit.freeze(traced)
        yield "frozen after folding", torch.jit.freeze(trace(folded, inputs[:64]))
        yield "optimised", torch.jit.optimize_for_inference(traced)
    with torch.inference_mode():
        blocks = weighted_blocks(supernet.path(row), torch.device("cpu"))
        own = FoldedNetwork(blocks, norm_statistics(blocks, [inputs[:64]]))
    yield "the judge's own", own


def folded_norms(network: nn.Sequential) -> nn.Sequential:
    """A copy with each batch norm in the convolution before it."""
    network = copy.deepcopy(network)
    for module in network.modules():
        if not isinstance(module, nn.Sequential):
            continue
        for index, (convolution, norm) in enumerate(pairwise(list(module.children()))):
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[index] = fuse_conv_bn_eval(convolution, norm)
                module[index + 1] = nn.Identity()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def passed(network: Callable[[Tensor], Tensor], inputs: Tensor, batch: int) -> Work:
    """All inputs through a network, once."""

    def work() -> None:
        with torch.inference_mode():
            for start in range(0, len(inputs), batch):
                network(inputs[start : start + batch])

    return work


def medians(works: Mapping[str, Work], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """The median seconds of each work, in turns, a first one of each not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            start = clock()
            work()
            seconds[name].append(clock() - start)
    return {name: statistics.median(taken[1:]) for name, taken in seconds.items()}


if __name__ == "__main__":
    main()
