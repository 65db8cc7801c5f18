"""Architecture by gradient: how good the estimates are, and what its hardware term costs.

    OMP_NUM_THREADS=1 python -m benchmarks.relaxations --toy --json

`--toy` needs no images. Three slots of three choices have a loss for each of their networks, which
is 1 and more, mostly a sum over choices (`additive`), or drawn evenly from 0 to 1 for each network
(`even`); that of a mixture is the weighted mean. The slots are free, or those of a stage whose
blocks can be skipped. Of `--samples` estimates of each gradient estimator and seed are printed

- `bias`: how far their mean is from the gradient by enumeration, as a share of its length,
- `standard_errors`: how far the mean of a component is from it, the most of all components,
- `times_less_variance`: than plain REINFORCE, which has no baseline.

`softmax` has no noise, hence only a bias. Moving averages begin with as many other estimates.

In `--space`, here with values of neighbours that decide together, the CPU seconds of the expected
cost with its gradient on one, two and three devices are the medians of `--repeats`; those of a step
of `unas` without budgets, in that space at 64 pixels with 32 images, are the median of three.
"""

import argparse
import itertools
import json
import statistics
import time

import numpy as np
import torch
from torch import Tensor

from hwnas.data.dataset import Split
from hwnas.objectives.costs import MACS
from hwnas.relaxation.architecture import Architecture
from hwnas.relaxation.chain import Chain
from hwnas.relaxation.expected_cost import ExpectedCost
from hwnas.relaxation.gradients import (
    GRADIENTS,
    GradientEstimator,
    Step,
    Weights,
    make_gradient,
)
from hwnas.relaxation.rule import Relaxed
from hwnas.relaxation.settings import RelaxationSettings
from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace, load_space
from hwnas.supernet.mixing import MixingSupernet
from hwnas.testing.search_problems import small_space
from hwnas.training.batches import Batches
from hwnas.training.train_config import TrainConfig


def main() -> None:
    """Prints a line an estimator, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--toy", action="store_true", required=True)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--space", default="mobilenet_v3_large", help="of the expected cost")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(1)
    spaces = {
        "free": small_space(((1, 1),) * 3, (3, 5, 7)),
        "skips": small_space(((0, 3),), (3, 5)),
    }
    estimates: list[dict[str, object]] = []
    for kind in ("additive", "even"):
        for name, space in spaces.items():
            for gradient in GRADIENTS.ours:
                judged = [
                    _judged(space, gradient, kind, seed, options.samples)
                    for seed in range(options.seeds)
                ]
                of_all = {"loss": kind, "slots": name, "gradient": gradient}
                estimates.append(of_all | {key: [one[key] for one in judged] for key in judged[0]})
                print(estimates[-1], flush=True)
    seconds = {
        devices: _seconds(load_space(options.space), devices, options.repeats)
        for devices in (1, 2, 3)
    }
    step = _step_seconds(load_space(options.space, resolution=64, classes=10))
    print(seconds, step)
    result = {"expected_cost_cpu_seconds": seconds, "step_cpu_seconds": step}
    print(json.dumps({"estimates": estimates, **result}))


def _judged(
    space: SearchSpace, gradient: str, kind: str, seed: int, samples: int
) -> dict[str, float]:
    """The figures of one seed."""
    chain, table = Chain(space), _table(kind, seed)
    generator = torch.Generator().manual_seed(1_000 + seed)
    logits = [torch.randn(3, generator=generator).double().requires_grad_() for _ in range(3)]
    rows = torch.cartesian_prod(*[torch.arange(3)] * 3)
    probabilities = chain.log_probability(logits, rows).exp()
    wanted = torch.cat(torch.autograd.grad((probabilities * table.reshape(-1)).sum(), logits))
    estimator = make_gradient(gradient, chain)
    _estimates(estimator, logits, table, generator, samples)  # the moving average begins
    found = _estimates(estimator, logits, table, generator, samples)
    plain = _reinforce(chain, logits, table, generator, samples)
    away, varies = found.mean(dim=0) - wanted, found.var(dim=0)
    bias = round(float(away.norm() / wanted.norm()), 4)
    if gradient == "softmax":
        return {"bias": bias}
    errors = away.abs() / (varies / samples).sqrt()
    return {
        "bias": bias,
        "standard_errors": round(float(errors.max()), 2),
        "times_less_variance": round(float(plain.var(dim=0).sum() / varies.sum()), 2),
    }


def _table(kind: str, seed: int) -> Tensor:
    """(3, 3, 3) losses of all networks."""
    generator = torch.Generator().manual_seed(seed)
    together = torch.rand((3, 3, 3), generator=generator, dtype=torch.float64)
    if kind == "even":
        return together
    first, second, third = torch.rand((3, 3), generator=generator, dtype=torch.float64).unbind()
    return 1 + first[:, None, None] + second[:, None] + third + 0.5 * together


def _estimates(
    estimator: GradientEstimator,
    logits: list[Tensor],
    table: Tensor,
    generator: torch.Generator,
    samples: int,
) -> Tensor:
    """(samples, 9) estimates of the gradient, of chains beside one another."""
    copies = [one.detach().expand(samples, -1).clone().requires_grad_() for one in logits]

    def loss(weights: Weights) -> Tensor:
        return torch.einsum("na,nb,nc,abc->n", *weights, table)

    estimator.backward(Step(copies, loss, generator, progress=0.5))
    return torch.cat([one.grad for one in copies if one.grad is not None], dim=1)


def _reinforce(
    chain: Chain, logits: list[Tensor], table: Tensor, generator: torch.Generator, samples: int
) -> Tensor:
    """(samples, 9) estimates of REINFORCE without a baseline."""
    rows = torch.from_numpy(chain.draw(logits, generator, samples))
    copies = [one.detach().expand(samples, -1).clone().requires_grad_() for one in logits]
    losses = table[tuple(rows.T)]
    total = (losses * chain.log_probability(copies, rows)).sum()
    return torch.cat(torch.autograd.grad(total, copies), dim=1)


def _seconds(space: SearchSpace, devices: int, repeats: int) -> float:
    """The median CPU seconds of a call and its gradient, on one thread."""
    random, counts = np.random.default_rng(0), space.choice_counts.tolist()
    pairs = [None, *(random.random(shape) for shape in itertools.pairwise(counts))]
    values = [random.random(count) for count in counts]
    trellises = [
        Trellis.from_values(space, f"latency{i}", "ms", 1.0, values, pairs) for i in range(devices)
    ]
    cost = ExpectedCost(Chain(space), trellises)
    logits = [torch.randn(count, requires_grad=True) for count in counts]
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        torch.autograd.grad(cost(logits).sum(), logits)
        taken.append(time.process_time() - start)
    return round(statistics.median(taken), 5)


def _step_seconds(space: SearchSpace) -> float:
    """The median CPU seconds of a training step of `unas`, weights and logits, on one thread."""
    random, config = np.random.default_rng(0), TrainConfig(epochs=1, batch_size=32)
    pixels = random.integers(0, 256, (64, 3, 64, 64), dtype=np.uint8)
    images = Split(pixels, random.integers(0, 10, 64))
    settings = RelaxationSettings(gradient="rebar", weights_first=0)
    architecture = Architecture(SearchProblem(space, Trellis.of(space, MACS)), settings, 5)
    batches = Batches(images, config, 10)
    rule, mixing, taken = Relaxed(architecture, batches, ""), MixingSupernet(space), []
    for step in range(4):
        inputs, target = batches.inputs(step)
        start = time.process_time()
        for each in rule.passes(mixing, inputs, target, random, 0.0):
            torch.autograd.backward([each()])
        taken.append(time.process_time() - start)
    return round(statistics.median(taken[1:]), 3)


if __name__ == "__main__":
    main()
