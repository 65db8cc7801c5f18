"""Correction: what a sum of blocks lacks to a network, learned from whole networks.

Latencies in ms and energies in mJ are corrected in the same way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.latency.stored import Least0
from hwnas.networks.blocks import Block, Network, Skip, block_key, distinct_blocks

Matrix = NDArray[np.float64]

# What a block adds beside its own latency, a unit a feature:
#   scale      its latency: in a network its weights are not in the caches
#   per_block  1: a call of the runtime that is paid once in a network and by every single block
#   weights    millions of weights: read from memory in a network
#   values     millions of numbers in its input and output: copied, transposed or quantised at the
#              borders of a block that is timed alone
FEATURES = ("scale", "per_block", "weights", "values")

# From simple to complex: which features, whether a constant, and how strongly the latency of each
# single block is held to its own measurement (a ridge; None: it is not corrected).
CANDIDATES: dict[str, tuple[tuple[str, ...], bool, float | None]] = {
    "sum of blocks": ((), False, None),
    "scale": (("scale",), False, None),
    "overhead + scale": (("scale",), True, None),
    "scale + per block": (("scale", "per_block"), False, None),
    "scale + weights": (("scale", "weights"), False, None),
    "scale + values": (("scale", "values"), False, None),
    "overhead + scale + per block": (("scale", "per_block"), True, None),
    "overhead + scale + values": (("scale", "values"), True, None),
    "scale + weights + values": (("scale", "weights", "values"), False, None),
    "scale, ridge on each block": (("scale",), False, 0.2),
    "scale + values, ridge on each block": (("scale", "values"), False, 0.2),
}
# Of two candidates the simpler one is taken unless the other's error is this much less, and that by
# twice its standard error: with some thirty networks smaller differences are chance, and a search
# finds the networks that profit from a wrong coefficient (docs/benchmarks/latency.md).
_BETTER = 0.93
# No block can take much less in a network than it does alone. A fit that says so has put the
# latency of some blocks upon others.
_LEAST_SHARE = 0.5
LEAST_NETWORKS = 4
"""So many whole networks there must be to learn anything from them."""


@dataclass(frozen=True)
class Correction:
    """value = overhead + Σ_block (Σ_feature coefficient × feature + own × block).

    `coefficients` has a number for each of `FEATURES`, `own` the relative correction of single
    blocks by their keys.
    """

    name: str = "sum of blocks"
    overhead: Least0 = 0.0
    coefficients: Mapping[str, float] = field(default_factory=lambda: {"scale": 1.0})
    own: Mapping[str, float] = field(default_factory=dict)

    def block_value(self, block: Block, value_alone: float) -> float:
        """What a block of this value alone adds to a network's value, at least 0."""
        amounts = dict(zip(FEATURES, block_features(block, value_alone), strict=True))
        value = sum(self.coefficients.get(name, 0.0) * amounts[name] for name in FEATURES)
        return max(0.0, value + self.own.get(block_key(block), 0.0) * value_alone)

    def plausible(self, blocks: Iterable[Block], alone: Mapping[str, float]) -> bool:
        """Whether every block keeps at least half of its own latency."""
        values = {block: alone[block_key(block)] for block in blocks}
        return all(self.block_value(b, v) >= _LEAST_SHARE * v for b, v in values.items())

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def block_features(block: Block, value_alone: float) -> tuple[float, float, float, float]:
    """The features of a block, in the order of `FEATURES`."""
    weights = sum(float(np.prod(layer.weight_shape)) for layer in block.layers())
    values = block.in_channels * block.resolution**2 + block.out_channels * block.out_resolution**2
    return value_alone, 1.0, weights / 1e6, values / 1e6


def fit_correction(
    networks: Sequence[Network],
    measured: Matrix,
    alone: Mapping[str, float],
    *,
    others: Iterable[Block] = (),
) -> Correction:
    """The candidate with the least leave-one-out error, fitted on all networks.

    Args:
        networks: N whole networks.
        measured: (N,) their measured values.
        alone: the value of each block alone, by key.
        others: blocks that none of these networks may have, and that will be predicted too.
    """
    return fit_with_errors(networks, measured, alone, others=others)[0]


def fit_with_errors(
    networks: Sequence[Network],
    measured: Matrix,
    alone: Mapping[str, float],
    *,
    others: Iterable[Block] = (),
) -> tuple[Correction, Matrix]:
    """What `fit_correction` says, and its (N,) relative leave-one-out errors.

    Of fewer than `LEAST_NETWORKS` networks nothing is learned, and there are no errors.
    """
    if len(networks) < LEAST_NETWORKS:
        return Correction(), np.empty(0)
    fit = _Fit.of(networks, measured, alone)
    blocks = distinct_blocks([*networks, tuple(others)])
    names = list(CANDIDATES)
    best, least = fit.fitted(names[0]), fit.left_out_errors(names[0])
    for name in filter(fit.determines, names[1:]):
        errors = fit.left_out_errors(name)
        correction = fit.fitted(name)
        if surely_less(errors, least) and correction.plausible(blocks, alone):
            best, least = correction, errors
    return best, least


def surely_less(errors: Matrix, others: Matrix) -> bool:
    """Whether errors are less on average, by some percent and by more than their standard error."""
    gain = others - errors
    uncertain = gain.std(ddof=1) / np.sqrt(len(gain))
    return bool(errors.mean() < _BETTER * others.mean() and gain.mean() > 2 * uncertain)


@dataclass(frozen=True)
class _Fit:
    """Least squares of the relative error: rows of networks, divided by their latencies.

    Attributes:
        features: (N, features) sums over the blocks of each network.
        own: (N, distinct blocks) what each distinct block contributes to each network.
        inverse: (N,) 1 / measured latency.
        keys: of the distinct blocks.
    """

    features: Matrix
    own: Matrix
    inverse: Matrix
    keys: tuple[str, ...]

    @classmethod
    def of(
        cls, networks: Sequence[Network], measured: Matrix, alone: Mapping[str, float]
    ) -> "_Fit":
        keys = dict.fromkeys(block_key(b) for n in networks for b in n if not isinstance(b, Skip))
        index = {key: position for position, key in enumerate(keys)}
        features = np.zeros((len(networks), len(FEATURES)))
        own = np.zeros((len(networks), len(index)))
        for row, network in enumerate(networks):
            for block in network:
                if isinstance(block, Skip):
                    continue
                key = block_key(block)
                features[row] += block_features(block, alone[key])
                own[row, index[key]] += alone[key]
        inverse = 1.0 / measured
        return cls(features * inverse[:, None], own * inverse[:, None], inverse, tuple(keys))

    def solve(self, name: str, rows: NDArray[np.bool_]) -> tuple[float, Matrix, Matrix]:
        """(overhead, feature coefficients, own corrections) of a candidate, from some rows."""
        used, overhead, ridge = CANDIDATES[name]
        coefficients, own = np.zeros(len(FEATURES)), np.zeros(len(self.keys))
        if not used:
            coefficients[0] = 1.0
            return 0.0, coefficients, own
        columns = [FEATURES.index(feature) for feature in used]
        from scipy.optimize import lsq_linear  # half a second of import, for those who fit

        parts = [self.features[rows][:, columns]]
        # Neither a network of no blocks nor a block can take less than no time.
        low = [0.0 if FEATURES[column] == "scale" else -np.inf for column in columns]
        if overhead:
            parts.append(self.inverse[rows][:, None])
            low.append(0.0)
        matrix, target = np.hstack(parts), np.ones(int(rows.sum()))
        if ridge is not None:
            free = matrix.shape[1]
            matrix = np.hstack([matrix, self.own[rows]])
            penalty = np.hstack([np.zeros((len(own), free)), ridge * np.eye(len(own))])
            matrix, target = np.vstack([matrix, penalty]), np.append(target, np.zeros(len(own)))
            low += [-np.inf] * len(own)
        # Columns of equal size: the solver's tolerances are absolute. 'bvls' ends at the exact
        # solution; SciPy's other method divides 0 by 0 where two columns are equal.
        size = np.maximum(np.abs(matrix).max(axis=0), 1e-12)
        bounds = (np.array(low), np.inf)
        solution = lsq_linear(matrix / size, target, bounds=bounds, method="bvls").x / size
        coefficients[columns] = solution[: len(columns)]
        if ridge is not None:
            own = solution[-len(own) :]
        return (float(solution[len(columns)]) if overhead else 0.0), coefficients, own

    def determines(self, name: str) -> bool:
        """Whether the networks tell a candidate's features apart, whichever one is left out.

        Of networks that all have as many blocks a constant cannot be told from a cost a block.
        """
        used, overhead, ridge = CANDIDATES[name]
        columns = [self.features[:, FEATURES.index(feature)] for feature in used]
        columns += [self.inverse] if overhead else []
        sizes = [max(float(np.abs(column).max()), 1e-12) for column in columns]
        matrix = np.stack([c / size for c, size in zip(columns, sizes, strict=True)])
        return ridge is not None or all(
            int(np.linalg.matrix_rank(np.delete(matrix, row, axis=1))) == len(columns)
            for row in range(matrix.shape[1])
        )

    def left_out_errors(self, name: str) -> Matrix:
        """(N,) the relative error of each network when the fit is made without it."""
        errors = []
        for row in range(len(self.inverse)):
            rest = np.arange(len(self.inverse)) != row
            overhead, coefficients, own = self.solve(name, rest)
            predicted = (
                overhead * self.inverse[row]
                + self.features[row] @ coefficients
                + self.own[row] @ own
            )
            errors.append(abs(predicted - 1.0))
        return np.array(errors, dtype=np.float64)

    def fitted(self, name: str) -> Correction:
        """A candidate fitted on all networks."""
        rows = np.ones(len(self.inverse), dtype=np.bool_)
        overhead, coefficients, own = self.solve(name, rows)
        return Correction(
            name,
            overhead,
            {f: float(c) for f, c in zip(FEATURES, coefficients, strict=True) if c},
            {key: float(c) for key, c in zip(self.keys, own, strict=True) if c},
        )
