"""LatencyModel: overhead + Σ block, corrected from whole networks, still additive."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from devices.errors import TableError
from latency.blocks import Block, Network, Skip, block_key
from latency.validation import Agreement, Validation

# Which of (overhead, scale of Σ block, per block) a candidate fits; the others keep 0, 1, 0.
CANDIDATES: dict[str, tuple[str, ...]] = {
    "sum of blocks": (),
    "scale": ("scale",),
    "overhead + scale": ("overhead", "scale"),
    "overhead + scale + per block": ("overhead", "scale", "per_block"),
}


@dataclass(frozen=True)
class Correction:
    """latency = overhead + Σ (scale × block + per_block), in ms.

    A block timed alone pays for one call of the runtime and a network pays once, so that Σ block
    is too much by about a call a block: `per_block` is then negative.
    """

    name: str
    overhead: float = 0.0
    scale: float = 1.0
    per_block: float = 0.0

    def apply(self, sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) latencies from (N,) sums of block latencies and (N,) numbers of blocks."""
        return self.overhead + self.scale * sums + self.per_block * counts


@dataclass(frozen=True)
class LatencyModel:
    """Predicts the latency of networks of measured blocks, in ms."""

    block_ms: Mapping[str, float]
    correction: Correction
    validation: Validation | None = None

    def block_value(self, block: Block) -> float:
        """What a block adds to a network's latency; 0 for a skip.

        Raises:
            TableError: the block was not measured.
        """
        if isinstance(block, Skip):
            return 0.0
        try:
            measured = self.block_ms[block_key(block)]
        except KeyError:
            raise TableError(
                f"the latency table has no timing of the block '{block_key(block)}'; "
                "run 'hwnas profile' for this space, resolution and number of classes"
            ) from None
        # A tiny block cannot give back more time than it takes.
        return max(0.0, self.correction.scale * measured + self.correction.per_block)

    def predict(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) latencies in ms."""
        return np.array(
            [self.correction.overhead + sum(map(self.block_value, n)) for n in networks],
            dtype=np.float64,
        )

    def missing(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks among these that were not measured."""
        return [b for b in blocks if not isinstance(b, Skip) and block_key(b) not in self.block_ms]

    def to_dict(self) -> dict[str, Any]:
        """Correction and validation as JSON; the block timings stay in the table."""
        return {
            "correction": asdict(self.correction),
            "validation": asdict(self.validation) if self.validation else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], block_ms: Mapping[str, float]) -> "LatencyModel":
        """The inverse of `to_dict`."""
        stored = data["validation"]
        validation = stored and Validation(
            Agreement(**stored["prediction"]),
            Agreement(**stored["replicate"]),
            tuple(stored["predicted_ms"]),
            tuple(stored["measured_ms"]),
        )
        return cls(block_ms, Correction(**data["correction"]), validation)


def fit_correction(
    sums: NDArray[np.float64], counts: NDArray[np.float64], measured: NDArray[np.float64]
) -> Correction:
    """The candidate with the least leave-one-out error, fitted on all networks.

    Args:
        sums: (N,) Σ block of whole networks, ms.
        counts: (N,) numbers of blocks.
        measured: (N,) measured latencies, ms.
    """
    if len(measured) < 4:
        return Correction("sum of blocks")
    errors = {}
    for name in CANDIDATES:
        held_out = np.empty(len(measured))
        for index in range(len(measured)):
            rest = np.arange(len(measured)) != index
            fitted = _fit(name, sums[rest], counts[rest], measured[rest])
            one = slice(index, index + 1)
            held_out[index] = fitted.apply(sums[one], counts[one])[0]
        errors[name] = float(np.mean(np.abs(held_out - measured) / measured))
    return _fit(min(errors, key=lambda name: errors[name]), sums, counts, measured)


def _fit(
    name: str, sums: NDArray[np.float64], counts: NDArray[np.float64], measured: NDArray[np.float64]
) -> Correction:
    """Least squares of the relative error.

    No part of the latency can be negative but `per_block`, which may take back at most what the
    calls of the runtime cost.
    """
    free = CANDIDATES[name]
    columns = {"overhead": np.ones(len(sums)), "scale": sums, "per_block": -counts}
    if not free:
        return Correction(name)
    matrix = np.column_stack([columns[part] for part in free]) / measured[:, None]
    solution, _ = nnls(matrix, np.ones(len(measured)))
    values = dict(zip(free, map(float, solution), strict=True))
    if "per_block" in values:
        values["per_block"] = -values["per_block"]
    return Correction(name, **values)
