"""Budgets as people write them: "12 ms", "60 M", "75 % of reference"."""

import re
from dataclasses import dataclass

from hwnas.core.errors import BudgetError
from hwnas.core.foreign_text import shown

# objective → unit as written → factor to the objective's own unit
UNITS: dict[str, dict[str, float]] = {
    "latency": {"ms": 1.0, "us": 1e-3, "µs": 1e-3, "s": 1e3},
    "energy": {"mJ": 1.0, "J": 1e3},
    "macs": {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9},
    "params": {"": 1.0, "K": 1e3, "M": 1e6},
    "file_size": {"B": 1.0, "KB": 1e3, "MB": 1e6},
    "peak_memory": {"B": 1.0, "KB": 1e3, "MB": 1e6},
}
_EXAMPLES = {
    "latency": "12 ms",
    "energy": "40 mJ",
    "macs": "60 M",
    "params": "2.5 M",
    "file_size": "4 MB",
    "peak_memory": "2 MB",
}
_GREEK_MU = "\u03bc"  # what a Greek keyboard types in place of the micro sign
_OF_REFERENCE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*of\s+reference\s*")
_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*([A-Za-zµ]*)\s*")


@dataclass(frozen=True)
class BudgetText:
    """A parsed budget: an amount in the objective's unit, or a share of the reference network's.

    The objective is a key of `UNITS`, or `latency@DEVICE`.
    """

    objective: str
    amount: float
    of_reference: bool

    @property
    def device(self) -> str | None:
        """The further device that a latency budget is on, by name or path."""
        return device_of(self.objective)

    def bound(self, reference: float | None) -> float:
        """The bound in the objective's unit.

        Raises:
            BudgetError: the budget refers to a reference network and the space has none.
        """
        if not self.of_reference:
            return self.amount
        if reference is None:
            raise BudgetError(
                f"the {self.objective} budget refers to a reference network and the space names "
                f"none; write an amount, like '{_EXAMPLES[_kind(self.objective)]}'"
            )
        return self.amount * reference


_MOST = 1e18
"""Of any unit. Squares of it are still numbers."""


def parse_budget(objective: str, text: str | float) -> BudgetText:
    """Reads one budget.

    Raises:
        BudgetError: unknown objective, missing or wrong unit, or an amount that is not positive.
    """
    kind = _kind(objective)
    if kind not in UNITS or (kind != objective and kind != "latency"):
        known = ", ".join(("latency", "latency@DEVICE", *list(UNITS)[1:]))
        raise BudgetError(f"there is no budget on '{shown(objective)}' (known: {known})")
    if objective == "latency@":
        raise BudgetError(
            "the budget 'latency@' names no device; write it like 'latency@local_cpu', or leave "
            "out the @ for the device of the run"
        )
    written = str(text).replace(_GREEK_MU, "µ")
    budget = f"the {shown(objective)} budget '{shown(text)}'"
    share = _OF_REFERENCE.fullmatch(written)
    quantity = _QUANTITY.fullmatch(written)
    example = f"write it like '{_EXAMPLES[kind]}' or '80 % of reference'"
    if share:
        amount, factor = float(share[1]), 0.01
    elif quantity:
        units = UNITS[kind]
        if quantity[2] not in units:
            unit = f"the unit '{shown(quantity[2])}'" if quantity[2] else "no unit"
            known = ", ".join(one or "a plain number" for one in units)
            raise BudgetError(f"{budget} has {unit}, but takes {known}; {example}")
        amount, factor = float(quantity[1]), units[quantity[2]]
    else:
        raise BudgetError(f"{budget} cannot be read; {example}")
    if not amount * factor <= _MOST:
        raise BudgetError(f"{budget} is beyond every number; {example}")
    if not amount > 0:
        raise BudgetError(f"{budget} must be more than zero")
    return BudgetText(objective, amount * factor, bool(share))


def device_of(objective: str) -> str | None:
    """The DEVICE of `latency@DEVICE`; None for every other objective."""
    return objective.partition("@")[2] or None


def _kind(objective: str) -> str:
    return objective.partition("@")[0]
