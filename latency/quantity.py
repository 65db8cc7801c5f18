"""Quantity: what is measured of graphs on a device, and predicted of networks from their blocks."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """What a device is measured for.

    Attributes:
        name: the word that configs, budgets and tables use.
        plural: of it.
        unit: in which it is stored, predicted and bounded.
        factors: what the units that budgets may be written in are in `unit`.
        example: of an amount, as a budget is written.
        how: how to measure it where that was not done: an imperative.
        quiet: what to do where measuring it twice gives two values.
    """

    name: str
    plural: str
    unit: str
    factors: Mapping[str, float]
    example: str
    how: str
    quiet: str


LATENCY = Quantity(
    "latency",
    "latencies",
    "ms",
    {"ms": 1.0, "us": 1e-3, "µs": 1e-3, "s": 1e3},
    "12 ms",
    "run 'hwnas profile' with the same config",
    "the machine was busy when they were measured; 'hwnas devices check' says with what, then "
    "profile into a new table (--table)",
)
ENERGY = Quantity(
    "energy",
    "energies",
    "mJ",
    {"mJ": 1.0, "J": 1e3},
    "40 mJ",
    "set profile.energy to true and run 'hwnas profile' with the same config",
    "make sure that nothing else uses the GPU, then profile into a new table (--table)",
)
QUANTITIES = {quantity.name: quantity for quantity in (LATENCY, ENERGY)}
"""Every quantity by its name."""
