"""LatencyModel: overhead + Σ block, corrected from whole networks, still additive."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from hwnas.latency.block_model import BlockModel
from hwnas.latency.correction import Correction
from hwnas.latency.stored import Least0, Measured, read_stored
from hwnas.latency.validation import Validation

Basis = Literal["alone", "chain", "networks"]
BASES: tuple[Basis, ...] = ("alone", "chain")
"""What the latency of a measured block may be from, the simpler one first."""


@dataclass(frozen=True)
class LatencyModel(BlockModel):
    """Predicts the latency of networks of measured blocks, in ms.

    Attributes:
        block_ms: the latency of each block by its key, as `basis` says.
        correction: what a sum of blocks lacks to a network.
        validation: the error on networks that the fit has not seen; None when none were measured.
        fit_networks, check_networks: keys of the networks in the table that both are from.
        basis: where `block_ms` is from: "alone", each block by itself, or "chain", what it adds to
            a longer graph (see `hwnas.latency.chains`); or "networks", estimated from whole
            networks (see `hwnas.latency.estimate`).
        compared: for each basis that was tried (or, of an estimate, each belief about the blocks),
            the mean leave-one-out error over the networks of the fit, %.
    """

    block_ms: Mapping[str, Measured]
    correction: Correction
    validation: Validation | None = None
    fit_networks: tuple[str, ...] = ()
    check_networks: tuple[str, ...] = ()
    basis: Basis = "alone"
    compared: Mapping[str, Least0] = field(default_factory=dict)

    @property
    def measured(self) -> Mapping[str, float]:
        """See `BlockModel`; ms."""
        return self.block_ms

    def unmeasured(self, key: str) -> str:
        """See `BlockModel`."""
        return (
            f"the latency table has no timing of the block '{key}'; run 'hwnas profile' for this "
            "space, resolution and number of classes, or add its row where the timings were "
            "imported"
        )

    @property
    def warning(self) -> str | None:
        """A sentence when predictions cannot be relied on; every verb that uses them says it."""
        if self.validation is None:
            return (
                "warning: these latencies were never checked against whole networks; measure what "
                "you choose by them"
            )
        if self.basis == "networks" and self.validation.poor:
            return (
                f"warning: latencies are off by {self.validation.prediction.mape:.1f} % on average "
                f"({self.validation.twice}), on networks that the estimate had not seen; time more "
                "networks ('hwnas table export-networks --count 60' writes them), or more "
                "inferences of each, and measure what you choose by them"
            )
        return self.validation.warning

    def to_dict(self) -> dict[str, Any]:
        """As JSON, with the block latencies that it was fitted with.

        Those of the table move a little with every visit that is added, of whatever graph.
        """
        return {
            "block_ms": dict(self.block_ms),
            "correction": self.correction.to_dict(),
            "validation": asdict(self.validation) if self.validation else None,
            "fit_networks": list(self.fit_networks),
            "check_networks": list(self.check_networks),
            "basis": self.basis,
            "compared": dict(self.compared),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "LatencyModel":
        """The inverse of `to_dict`.

        Models of before there were chains are of blocks alone.

        Raises:
            TableError: missing or unknown keys, values of other types, or that cannot be.
        """
        return read_stored(cls, data, "a latency model")
