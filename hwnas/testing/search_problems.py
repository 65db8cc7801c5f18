"""Small search problems with a synthetic score, on which searchers are tested."""

import functools
import itertools
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import InvertedResidual, Network
from hwnas.objectives.costs import MACS
from hwnas.objectives.objective import Direction
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, SearchSpace, Space, load_space
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.config import SpaceConfig, build_space
from hwnas.spaces.family import SpaceFamily
from hwnas.spaces.space import check_choices


@functools.cache
def macro() -> SearchSpace:
    """NAS-Bench-Macro: 8 slots of 3 choices."""
    return load_space("nas_bench_macro")


@functools.cache
def macro_problem(quantile: float | None = None) -> SearchProblem:
    """NAS-Bench-Macro against MACs, with a budget at a quantile of all its networks."""
    cost = Trellis.of(macro(), MACS)
    if quantile is None:
        return SearchProblem(macro(), cost)
    bound = float(np.quantile(cost.evaluate(every_architecture(macro())), quantile))
    return SearchProblem(macro(), cost, (Limit(cost, bound),))


def synthetic_score(architectures: Architectures) -> NDArray[np.float64]:
    """More choice is better, with an interaction of neighbours that no additive model fits."""
    rows = np.asarray(architectures, dtype=np.float64)
    total = np.zeros(len(rows))
    # Column by column: the same bits for one architecture as for many.
    for slot, column in enumerate(rows.T):
        total += (1.0 + 0.1 * slot) * np.sqrt(column)
        if slot:
            total += 0.5 * np.sin(3.0 * column * rows[:, slot - 1])
    return total


class MostKernels:
    """How many distinct kernel sizes a network has: a cost that is not a sum over blocks."""

    name: ClassVar[str] = "kernel_sizes"
    unit: ClassVar[str] = "sizes"
    direction: ClassVar[Direction] = "minimize"

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks."""
        found = [{b.kernel for b in n if isinstance(b, InvertedResidual)} for n in networks]
        return np.array([len(sizes) for sizes in found], dtype=np.float64)


class SyntheticScore:
    """The synthetic score as one that costs nothing, a `FreeScore`."""

    def __init__(self, space: ChoiceSpace) -> None:
        self.space = space

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of canonical architectures (N, L)."""
        return synthetic_score(architectures)

    def nearest_sum(
        self, around: Architectures, architectures: Architectures, scores: NDArray[np.float64]
    ) -> Trellis:
        """A ridge fitted to the scored ones."""
        del around
        return fit_additive(self.space, architectures, scores, 1.0)


def small_space(
    depths: tuple[tuple[int, int], ...], kernels: tuple[int, ...], resolution: int = 8
) -> SearchSpace:
    """Stages of equal channels: those after the first block of a stage that can skip, may."""
    stage = {"channels": 8, "kernels": kernels, "expansions": [2], "activation": "relu"}
    config = SpaceConfig.model_validate(
        {
            "name": "small",
            "resolution": 8,
            "classes": 2,
            "stem": {"channels": 8, "activation": "relu"},
            # Alternating strides keep neighbouring stages apart: their slots are not one group.
            "stages": [
                {**stage, "depth": depth, "stride": 1 + index % 2}
                for index, depth in enumerate(depths)
            ],
            "head": {"features": 8, "activation": "relu"},
        }
    )
    return build_space(config, resolution, 2)


@functools.cache
def family_problem(quantile: float) -> SearchProblem:
    """A small space at two resolutions against MACs, the budget at a quantile of its networks."""
    members = (small_space(((0, 3), (1, 3)), (3, 5, 7), resolution) for resolution in (8, 12))
    family = SpaceFamily("small at 8, 12 px", tuple(members))
    cost = Trellis.of(family, MACS)
    bound = float(np.quantile(cost.evaluate(every_architecture(family)), quantile))
    return SearchProblem(family, cost, (Limit(cost, bound),))


class WidthSpace:
    """Ten slots of three widths and two kernels; a width follows itself or one a step narrower."""

    name = "widths"
    choice_counts = np.full(10, 6)
    widths = np.repeat([1, 2, 3], 2)
    kernels = np.tile([3, 5], 3)

    def allowed(self, slot: int) -> NDArray[np.bool_]:
        """(choices before, choices of slot): which may follow which."""
        if slot == 0:
            return np.ones((1, 6), dtype=np.bool_)
        wider = self.widths - self.widths[:, None]
        allowed: NDArray[np.bool_] = (wider == 0) | (wider == 1)
        return allowed

    def canonical(self, architectures: Architectures) -> Architectures:
        """(N, L): the same, no two architectures are equal networks."""
        return self.check(architectures)

    def check(self, architectures: Architectures) -> Architectures:
        """The same as an (N, L) integer array."""
        return check_choices(self.name, self.choice_counts, architectures)

    def sample(self, generator: np.random.Generator, count: int) -> Architectures:
        """(count, L) random architectures."""
        rows = generator.integers(0, 6, size=(count, 1))
        for slot in range(1, 10):
            weights = generator.random((count, 6)) * self.allowed(slot)[rows[:, -1]]
            rows = np.column_stack((rows, weights.argmax(axis=1)))
        return rows


def widths_problem(share: float) -> SearchProblem:
    """Widths that neighbours decide the cost of together; the budget at a share of its range."""
    space = WidthSpace()
    weights = space.widths[:, None] * (space.widths * space.kernels)[None, :].astype(np.float64)
    values = [np.zeros(6)] * 10
    cost = Trellis.from_values(space, "macs", "", 1.0, values, [None, *[weights] * 9])
    least, greatest = cost.range
    return SearchProblem(space, cost, (Limit(cost, least + share * (greatest - least)),))


@functools.cache
def large_problem(share: float) -> SearchProblem:
    """MobileNetV3's space with random costs and a budget at a share of their range."""
    space = load_space("mobilenet_v3_large")
    generator = np.random.default_rng(0)
    values = [np.sort(generator.random(count)) for count in space.choice_counts]
    cost = Trellis.from_values(space, "latency", "ms", 1.0, values)
    least, greatest = cost.range
    return SearchProblem(space, cost, (Limit(cost, least + share * (greatest - least)),))


def tiny_problem(choices: int, bound: float = 100.0) -> SearchProblem:
    """One slot; its choices cost 1, 2, 3 ms."""
    space = small_space(((1, 1),), (3, 5, 7)[:choices])
    cost = Trellis.from_values(space, "latency", "ms", 0.0, [[1.0, 2.0, 3.0][:choices]])
    return SearchProblem(space, cost, (Limit(cost, bound),))


def every_architecture(space: Space) -> Architectures:
    """(N, L) all canonical architectures, by brute force."""
    rows = np.array(list(itertools.product(*map(range, space.choice_counts.tolist()))))
    return np.unique(space.canonical(rows), axis=0)
