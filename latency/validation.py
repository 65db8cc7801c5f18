"""Validation: how far predictions are from measurements, beside measuring twice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from hwnas.latency.stored import Count, Least0, Measured, Share, Tau


@dataclass(frozen=True)
class Agreement:
    """How well one list of latencies agrees with another, over N networks.

    Attributes:
        networks: N.
        mape: mean absolute percentage error, %.
        within_5: share of networks within ±5 %.
        within_10: share of networks within ±10 %.
        tau: Kendall's tau-b.
        worst: the largest absolute error, %.
    """

    networks: Count
    mape: Least0
    within_5: Share
    within_10: Share
    tau: Tau
    worst: Least0

    @classmethod
    def of(cls, predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> "Agreement":
        """Compares (N,) predictions with (N,) measurements, both in ms, N ≥ 2."""
        error = np.abs(predicted - measured) / measured
        tau = kendalltau(predicted, measured).statistic
        return cls(
            networks=len(measured),
            mape=100 * float(error.mean()),
            within_5=float((error <= 0.05).mean()),
            within_10=float((error <= 0.10).mean()),
            tau=0.0 if np.isnan(tau) else float(tau),
            worst=100 * float(error.max()),
        )


# Of well-measured tables on shared machines, see docs/benchmarks/latency.md: 1 to 4 %.
POOR = 5.0


@dataclass(frozen=True)
class Validation:
    """The error on networks that the fit has not seen, beside the noise of measuring them.

    `replicate` compares two halves of the sessions: measuring twice, each time with half of the
    samples; of timings that were imported, two halves of the repeated rows, and None where no
    networks are timed twice. `predicted_ms`, `measured_ms`, and `first_ms` and `second_ms` of the
    two halves have a number for each network; the halves have none where some are timed once.
    """

    prediction: Agreement
    replicate: Agreement | None
    predicted_ms: tuple[Least0, ...]
    measured_ms: tuple[Measured, ...]
    first_ms: tuple[Measured, ...]
    second_ms: tuple[Measured, ...]

    def __post_init__(self) -> None:
        networks, twice = len(self.measured_ms), len(self.first_ms)
        if len(self.predicted_ms) != networks or len(self.second_ms) != twice:
            raise ValueError("its lists of latencies are not of the same networks")

    @property
    def poor(self) -> bool:
        """Whether predictions, or the measurements they are judged by, are off by more than 5 %."""
        return max(self.prediction.mape, self.noise) > POOR

    @property
    def noise(self) -> float:
        """What measuring twice differs by, %; 0 where that is not known."""
        return self.replicate.mape if self.replicate else 0.0

    @property
    def twice(self) -> str:
        """The same in words."""
        return f"measuring twice: {self.noise:.1f} %" if self.replicate else "timed once"

    @property
    def warning(self) -> str | None:
        """A sentence when this is poor."""
        if not self.poor:
            return None
        start = (
            f"warning: latencies are off by {self.prediction.mape:.1f} % on average "
            f"({self.twice}): "
        )
        if self.noise <= POOR:
            return start + (
                "the sum of the blocks does not describe whole networks; profile into a new table "
                "(--table) with more networks to fit it by (profile.fit_networks)"
            )
        return start + (
            "the machine was busy when they were measured; "
            "'hwnas devices check' says with what, then profile into a new table (--table)"
        )
