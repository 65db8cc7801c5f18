"""Validation: how much predictions differ from measurements, beside measuring twice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.latency.stored import Count, Least0, Measured, Share, Tau


@dataclass(frozen=True)
class Agreement:
    """How well one list of values agrees with another, over N networks.

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
        """Compares (N,) predictions with (N,) measurements, both in one unit, N ≥ 2."""
        from scipy.stats import kendalltau  # a second of import, which reading a table does without

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
    networks are timed twice. `predicted`, `measured`, and `first` and `second` of the two halves
    have a value for each network; the halves have none where some are timed once.
    """

    prediction: Agreement
    replicate: Agreement | None
    predicted: tuple[Least0, ...]
    measured: tuple[Measured, ...]
    first: tuple[Measured, ...]
    second: tuple[Measured, ...]

    def __post_init__(self) -> None:
        networks, twice = len(self.measured), len(self.first)
        if len(self.predicted) != networks or len(self.second) != twice:
            raise ValueError("its lists of values are not of the same networks")

    @classmethod
    def of(
        cls,
        predicted: NDArray[np.float64],
        measured: NDArray[np.float64],
        halves: Sequence[NDArray[np.float64]] = (),
    ) -> "Validation":
        """Compares (N,) predictions with (N,) measurements, and two halves of these, if any."""
        lists = (predicted, measured, *(halves or (np.empty(0), np.empty(0))))
        return cls(
            Agreement.of(predicted, measured),
            Agreement.of(*halves) if halves else None,
            *(tuple(map(float, values)) for values in lists),
        )

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
