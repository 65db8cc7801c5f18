"""Calibrations that look at few bins, for what is not about their quality."""

import pytest

from hwnas.export.int8 import histograms


@pytest.fixture(autouse=True)
def few_bins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the slowest method choose among 17 ranges instead of 193."""
    monkeypatch.setattr(histograms, "ENTROPY_BINS", 128)
    monkeypatch.setattr(histograms, "ENTROPY_STEPS", 96)
