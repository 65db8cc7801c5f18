"""Estimating the latency of blocks from whole networks alone: where no block can be timed.

The latency of a network is a constant and a sum over its blocks. Thirty networks do not determine
ninety blocks, so each block has a prior: its latency on another device, scaled, or a guess from its
shapes. Deviations from the prior are shared by blocks that are alike (equal kernels, channels,
resolutions, …): Bayesian linear regression, in the form of a Gaussian process over networks
(Rasmussen and Williams 2006, chapters 2 and 5), whose variances are those of the greatest marginal
likelihood.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hwnas.latency.correction import surely_less
from hwnas.networks.blocks import Block, Network, Skip, block_key

Matrix = NDArray[np.float64]

LEAST_NETWORKS = 8
"""From fewer networks nothing is estimated."""
SHAPES = "shapes"
"""The name of the prior without a table of another device."""
SCALED = ", scaled"
"""Behind the name of a prior: nothing but a factor is estimated."""

# Standard deviations that are tried, relative to the prior of a block or a network: of what
# alike blocks share, of each block by itself, of what goes with its amounts (a roofline), of the
# constant, and of a measurement.
_ALIKE = (0.0, 0.1, 0.3, 1.0)
_ITSELF = (0.0, 0.03, 0.1, 0.3)
_AMOUNTS = (0.0, 0.1, 0.3)
_CONSTANT = (0.0, 0.2)
_NOISE = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
# They are chosen by so many networks at most: the cost grows with the third power.
_MOST_CHOSEN_BY = 150
_FOLDS = 10
# No block takes less than this share of its prior.
_LEAST_SHARE = 0.05
# A network that takes so many times what its shapes and the others lead to expect is a slip of the
# unit or the decimal point: within a space, no two networks differ by as much for another reason.
_SLIP = 8.0


@dataclass(frozen=True)
class Estimate:
    """What each block adds to a network's latency, ms by key, and what every network takes, ms.

    Attributes:
        prior: the name of the prior of the blocks.
        compared: of each prior, the mean leave-one-out error, %.
    """

    block_ms: Mapping[str, float]
    overhead: float
    prior: str
    compared: Mapping[str, float]

    def predict(self, networks: Sequence[Network]) -> Matrix:
        """(N,) latencies of networks of these blocks, ms."""
        return np.array([self.overhead + sum(map(self._block, n)) for n in networks])

    def _block(self, block: Block) -> float:
        return 0.0 if isinstance(block, Skip) else self.block_ms[block_key(block)]


def estimate(
    networks: Sequence[Network],
    ms: Matrix,
    blocks: Sequence[Block],
    priors: Mapping[str, Mapping[str, float]],
) -> Estimate:
    """The latencies of blocks that explain those of whole networks best.

    Args:
        networks: N of them, at least `LEAST_NETWORKS`.
        ms: (N,) their latencies.
        blocks: every block that will be predicted, those of the networks among them.
        priors: latencies of all blocks on other devices, by name, ms by key. The one with the least
            leave-one-out error is used, or the blocks' shapes, if those have less; but the best
            prior times one factor, where more is not surely better.
    """
    space = _Blocks.of(blocks)
    counts = space.counts(networks)
    # Matrices are small: a second thread costs more than it brings, on a busy machine a lot more.
    with threadpool_limits(1, user_api="blas"):
        return _best(space, counts, ms, priors)


def _best(
    space: "_Blocks", counts: Matrix, ms: Matrix, priors: Mapping[str, Mapping[str, float]]
) -> Estimate:
    fitted = {
        name: _fitted(space, counts, ms, prior) for name, prior in (*priors.items(), (SHAPES, None))
    }
    scaled = {
        f"{name}{SCALED}": _scaled(space, counts, ms, prior) for name, prior in priors.items()
    }
    # Simple ones first: from few networks the likeliest of the others may be luck.
    name, best = min((fitted | scaled).items(), key=_error)
    if scaled:
        simple, simplest = min(scaled.items(), key=_error)
        if not surely_less(best.errors, simplest.errors):
            name, best = simple, simplest
    keys = [block_key(block) for block in space.blocks]
    block_ms = dict(zip(keys, map(float, best.values), strict=True))
    compared = {one: 100 * float(f.errors.mean()) for one, f in (fitted | scaled).items()}
    return Estimate(block_ms, best.constant, name, compared)


@dataclass(frozen=True)
class _Fitted:
    """(blocks,) ms, the constant in ms, and the (N,) relative leave-one-out errors."""

    values: Matrix
    constant: float
    errors: Matrix


def _error(named: tuple[str, _Fitted]) -> float:
    return float(named[1].errors.mean())


def _scaled(space: "_Blocks", counts: Matrix, ms: Matrix, prior: Mapping[str, float]) -> _Fitted:
    """What is known of another device, times the median ratio of the networks."""
    values, constant = _prior_of(space, counts, ms, prior)
    ratios = ms / (counts @ values)
    others = np.array([np.median(np.delete(ratios, index)) for index in range(len(ratios))])
    return _Fitted(values, constant, np.abs(others / ratios - 1))


def left_out(
    networks: Sequence[Network],
    ms: Matrix,
    blocks: Sequence[Block],
    priors: Mapping[str, Mapping[str, float]],
) -> Matrix:
    """(N,) each network as it is predicted by an estimate that has not seen it, ms.

    By ten folds; all that `estimate` chooses is chosen anew in each.
    """
    predicted = np.empty(len(ms))
    fold = np.random.default_rng(0).permutation(len(ms)) % min(_FOLDS, len(ms))
    for number in range(fold.max() + 1):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        found = estimate([networks[int(i)] for i in inside], ms[inside], blocks, priors)
        predicted[outside] = found.predict([networks[int(i)] for i in outside])
    return predicted


def slips(networks: Sequence[Network], ms: Matrix) -> list[tuple[int, float]]:
    """Networks whose latencies cannot be right beside the others: (index, so many times too long).

    By the median ratio to a guess from the shapes: it does not move with a few wrong ones.
    """
    space = _Blocks.of([block for network in networks for block in network])
    counts = space.counts(networks)
    amounts = counts @ space.amounts
    guess = (amounts / amounts.mean(axis=0)).mean(axis=1)
    ratios = ms / guess
    ratios /= np.median(ratios)
    return [(i, float(r)) for i, r in enumerate(ratios) if not 1 / _SLIP < r < _SLIP]


@dataclass(frozen=True)
class _Blocks:
    """Distinct blocks, and what is known of them without timing any."""

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> "_Blocks":
        return cls(tuple(dict.fromkeys(b for b in blocks if not isinstance(b, Skip))))

    def counts(self, networks: Sequence[Network]) -> Matrix:
        """(N, blocks): how often each block is in each network."""
        index = {block: position for position, block in enumerate(self.blocks)}
        counts = np.zeros((len(networks), len(index)))
        for row, network in enumerate(networks):
            for block in network:
                if not isinstance(block, Skip):
                    counts[row, index[block]] += 1
        return counts

    @cached_property
    def amounts(self) -> Matrix:
        """(blocks, 6): MACs of dense and of depthwise convolutions, weights, values, layers, 1."""
        return np.array([_amounts(block) for block in self.blocks])

    @cached_property
    def traits(self) -> Matrix:
        """(blocks, traits): what blocks may have in common; a row's squares add up to about 1."""
        each = [dict.fromkeys(_traits(block), 1.0) for block in self.blocks]
        names = dict.fromkeys(name for some in each for name in some)
        shared = np.array([[some.get(name, 0.0) for name in names] for some in each])
        logs = np.log1p(self.amounts[:, :4])
        deviations = logs.std(axis=0)
        logs = (logs - logs.mean(axis=0)) / np.where(deviations > 0, deviations, 1.0)
        traits = np.hstack([shared, logs])
        return np.asarray(traits / np.sqrt((traits**2).sum(axis=1).mean()))


def _amounts(block: Block) -> list[float]:
    layers = block.layers()
    dense = sum(layer.macs for layer in layers if layer.groups == 1)
    depthwise = sum(layer.macs for layer in layers if layer.groups > 1)
    weights = sum(float(np.prod(layer.weight_shape)) for layer in layers)
    values = sum(
        layer.in_channels * layer.resolution**2 + layer.out_channels * layer.out_resolution**2
        for layer in layers
    )
    return [dense / 1e6, depthwise / 1e6, weights / 1e6, values / 1e6, len(layers), 1.0]


def _traits(block: Block) -> Iterator[tuple[str, object]]:
    yield "kind", block.kind
    for name in ("kernel", "stride", "resolution", "activation", "in_channels", "out_channels"):
        yield name, getattr(block, name, None)
    yield "expansion", round(getattr(block, "expanded_channels", 0) / block.in_channels, 2)
    yield "squeezes", getattr(block, "squeeze_channels", 0) > 0
    yield "kernel at", (getattr(block, "kernel", None), getattr(block, "resolution", None))


def _prior_of(
    space: _Blocks, counts: Matrix, ms: Matrix, prior: Mapping[str, float] | None
) -> tuple[Matrix, float]:
    """The prior of every block, ms, at the scale of these networks, and of the constant."""
    from scipy.optimize import nnls  # half a second of import, for those who fit

    if prior is not None:
        values = np.array([prior[block_key(block)] for block in space.blocks])
        return values * np.median(ms / (counts @ values)), 0.0
    columns = np.hstack([counts @ space.amounts, np.ones((len(ms), 1))]) / ms[:, None]
    size = np.maximum(np.abs(columns).max(axis=0), 1e-12)
    shares = nnls(columns / size, np.ones(len(ms)))[0] / size
    values = space.amounts @ shares[:-1]
    return np.maximum(values, 1e-6 * ms.min()), float(shares[-1])


def _fitted(
    space: _Blocks, counts: Matrix, ms: Matrix, prior: Mapping[str, float] | None
) -> _Fitted:
    """Deviations from the prior of the blocks."""
    expected, constant = _prior_of(space, counts, ms, prior)
    row = 1 / ms[:, None]  # errors are relative
    own = counts * expected * row
    scale, alike = own.sum(axis=1, keepdims=True), own @ space.traits
    usual = (counts @ space.amounts).mean(axis=0) / ms.mean()
    amounts = space.amounts / np.where(usual > 0, usual, 1.0)  # ms: each alone makes a network
    ones = ms.mean() * row
    parts = (scale, alike, own, counts @ amounts * row, ones)
    target = 1 - scale[:, 0] - constant / ms
    deviations, noise = _likeliest(parts, target, _CONSTANT)
    values, added, errors = _solved(space, expected, amounts, parts, target, deviations, noise)
    if constant + added * ms.mean() < 0:  # no network takes less than no time: there is none
        target, constant = 1 - scale[:, 0], 0.0
        deviations, noise = _likeliest(parts, target, _CONSTANT[:1])
        values, added, errors = _solved(space, expected, amounts, parts, target, deviations, noise)
    values = np.maximum(values, _LEAST_SHARE * expected)
    return _Fitted(values, constant + added * float(ms.mean()), errors)


def _solved(
    space: _Blocks,
    expected: Matrix,
    amounts: Matrix,
    parts: Sequence[Matrix],
    target: Matrix,
    deviations: Sequence[float],
    noise: float,
) -> tuple[Matrix, float, Matrix]:
    """(blocks,) ms, what is added to the constant, and the (N,) leave-one-out errors."""
    kernel = _kernel(parts, deviations) + noise**2 * np.eye(len(target))
    inverse = np.linalg.inv(kernel)
    dual = inverse @ target
    scaled, shared, itself, linear, added = (
        deviation**2 * (part.T @ dual) for deviation, part in zip(deviations, parts, strict=True)
    )
    values = expected * (1 + scaled[0] + space.traits @ shared + itself) + amounts @ linear
    return values, float(added[0]), np.abs(dual / np.diag(inverse))


def _kernel(parts: Sequence[Matrix], deviations: Sequence[float]) -> Matrix:
    kernel = sum(d**2 * (part @ part.T) for d, part in zip(deviations, parts, strict=True))
    return np.asarray(kernel)


def _likeliest(
    parts: Sequence[Matrix], target: Matrix, constants: Sequence[float]
) -> tuple[tuple[float, ...], float]:
    """The deviations of all parts, and of the noise, with the greatest marginal likelihood."""
    if len(target) > _MOST_CHOSEN_BY:
        some = np.linspace(0, len(target) - 1, _MOST_CHOSEN_BY).round().astype(int)
        parts, target = [part[some] for part in parts], target[some]
    kernels = [part @ part.T for part in parts]
    best, least = ((1.0, 0.0, 0.0, 0.0, 0.0), _NOISE[-1]), np.inf
    for alike, itself, amounts, constant in product(_ALIKE, _ITSELF, _AMOUNTS, constants):
        deviations = (1.0, alike, itself, amounts, constant)
        kernel = sum(d**2 * k for d, k in zip(deviations, kernels, strict=True))
        values, vectors = np.linalg.eigh(kernel)
        squares = (vectors.T @ target) ** 2
        for noise in _NOISE:
            spread = np.maximum(values, 0.0) + noise**2
            cost = float((squares / spread + np.log(spread)).sum())
            if cost < least:
                best, least = (deviations, noise), cost
    return best
