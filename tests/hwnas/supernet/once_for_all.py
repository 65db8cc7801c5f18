"""The once-for-all supernet of random weights, and what the original computes with it."""

from pathlib import Path

from benchmarks.once_for_all import NAME, Original
from tests.shared_data import shared_data


def published() -> Path:
    """The checkpoint."""
    return shared_data(f"{NAME}.safetensors")


def original() -> Original:
    """Its space, images, and sub-networks."""
    for part in ("_io.safetensors", "_subnets.json"):
        shared_data(f"{NAME}{part}")
    return Original.load(published().parent)
