"""Validation: how far predictions are from measurements, beside measuring twice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau


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

    networks: int
    mape: float
    within_5: float
    within_10: float
    tau: float
    worst: float

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


@dataclass(frozen=True)
class Validation:
    """The error on networks that the fit has not seen, beside the noise of measuring them.

    `replicate` compares two halves of the sessions with each other: measuring twice, each time
    with half of the samples.
    """

    prediction: Agreement
    replicate: Agreement
    predicted_ms: tuple[float, ...]
    measured_ms: tuple[float, ...]
