"""Budget: how much of a cost is allowed, as people write it: "12 ms", "75 % of reference"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hwnas.core.errors import BudgetError
from hwnas.core.foreign_text import shown
from hwnas.core.spelling import nearest
from hwnas.latency.quantity import QUANTITIES
from hwnas.objectives.costs import COSTS, load_cost
from hwnas.objectives.objective import Objective, Units

LATENCY, ENERGY = "latency", "energy"

MEASURED = {
    name: (quantity.unit, Units(quantity.factors, quantity.example))
    for name, quantity in QUANTITIES.items()
}
"""The costs that a device is measured for: their unit, and how budgets on them are written."""

_ON_DEVICES = (LATENCY,)  # those that further devices may have budgets on
_GREEK_MU = "\u03bc"  # what a Greek keyboard types in place of the micro sign
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_OF_REFERENCE = re.compile(rf"\s*({_NUMBER})\s*%\s*of\s+reference\s*")
_QUANTITY = re.compile(rf"\s*({_NUMBER}(?:[eE][+-]?[0-9]+)?)\s*(\S*)\s*")
_MOST = 1e18  # of any unit; squares of it are still numbers


@dataclass(frozen=True)
class Budget:
    """The most that a network may have of a cost: an amount, or a share of the reference's.

    Attributes:
        name: of the cost: "latency", "latency@DEVICE", or one of `COSTS`.
        amount: in the cost's unit, or of the reference network's.
        of_reference: whether it is a share of what the reference network has.
        text: as it was written.
    """

    name: str
    amount: float
    of_reference: bool
    text: str | float

    @classmethod
    def of(cls, name: str, text: str | float, cost: Objective | None = None) -> "Budget":
        """Reads a budget.

        Args:
            name: of the cost.
            text: "12 ms", "60 M", 60_000_000, "75 % of reference".
            cost: what the name stands for, where that is not a cost of the platform or of an
                installed package.

        Raises:
            BudgetError: there is no such cost, its unit is missing or wrong, or the amount is not
                positive.
        """
        units = _units(name) if cost is None else _units_of(cost)
        budget = f"the {shown(name)} budget '{shown(text)}'"
        example = f"write it like '{units.example}' or '80 % of reference'"
        written = str(text).replace(_GREEK_MU, "µ")
        share, quantity = _OF_REFERENCE.fullmatch(written), _QUANTITY.fullmatch(written)
        if share:
            amount = 0.01 * float(share[1])
        elif quantity and (_is_word(quantity[2]) or quantity[2] in units.factors):
            if quantity[2] not in units.factors:
                unit = f"the unit '{shown(quantity[2])}'" if quantity[2] else "no unit"
                known = ", ".join(one or "a plain number" for one in units.factors)
                raise BudgetError(f"{budget} has {unit}, but takes {known}; {example}")
            amount = float(quantity[1]) * units.factors[quantity[2]]
        else:
            raise BudgetError(f"{budget} cannot be read; {example}")
        if not amount <= _MOST:
            raise BudgetError(f"{budget} is beyond every number; {example}")
        if not amount > 0:
            raise BudgetError(f"{budget} must be more than zero")
        return cls(name, amount, bool(share), text)

    @property
    def device(self) -> str | None:
        """The further device that a latency budget is on, by name or path."""
        return device_of(self.name)

    def bound(self, reference: float | None) -> float:
        """The most that is allowed, in the cost's unit.

        Args:
            reference: what the reference network has of the cost; None where there is none.

        Raises:
            BudgetError: the budget refers to a reference network and there is none.
        """
        if not self.of_reference:
            return self.amount
        if reference is None:
            example = f", like '{_units(self.name).example}'" if _is_known(self.name) else ""
            raise BudgetError(
                f"the {shown(self.name)} budget refers to a reference network and the space names "
                f"none; write an amount{example}"
            )
        return self.amount * reference


def read_budgets(texts: Mapping[str, str | float]) -> tuple[Budget, ...]:
    """Budgets by the names of their costs.

    Raises:
        BudgetError: see `Budget.of`.
    """
    return tuple(Budget.of(name, text) for name, text in texts.items())


def check_cost(name: str, others: Sequence[str] = ()) -> None:
    """Refuses a name that is of no cost: of none that a device is measured for, nor of `COSTS`.

    Args:
        name: which one.
        others: what else may stand in its place, for the message.

    Raises:
        BudgetError: names what there is.
    """
    kind, at, device = name.partition("@")
    if name in COSTS or (kind in MEASURED and not at) or (kind in _ON_DEVICES and device):
        return
    known = [*others, LATENCY, f"{LATENCY}@DEVICE", ENERGY, *COSTS.names()]
    raise BudgetError(
        f"there is no cost '{shown(name)}'{nearest(name, known)} (known: {', '.join(known)})"
    )


def device_of(name: str) -> str | None:
    """The DEVICE of `latency@DEVICE`; None for every other cost."""
    return name.partition("@")[2] or None


def unit_of(name: str) -> str:
    """The unit of a cost by the name that budgets give it; "" of one that is not installed."""
    kind = name.partition("@")[0]
    if kind in MEASURED:
        return MEASURED[kind][0]
    return load_cost(name).unit if name in COSTS else ""


def _is_known(name: str) -> bool:
    return name.partition("@")[0] in MEASURED or name in COSTS


def _units(name: str) -> Units:
    kind, at, device = name.partition("@")
    if kind in _ON_DEVICES and at and not device:
        raise BudgetError(
            f"the budget '{kind}@' names no device; write it like '{kind}@local_cpu', or leave "
            "out the @ for the device of the run"
        )
    if kind in MEASURED and (not at or kind in _ON_DEVICES):
        return MEASURED[kind][1]
    if name not in COSTS:
        known = [LATENCY, f"{LATENCY}@DEVICE", ENERGY, *COSTS.names()]
        raise BudgetError(
            f"there is no budget on '{shown(name)}'{nearest(name, known)} "
            f"(known: {', '.join(known)})"
        )
    return _units_of(load_cost(name))


def _units_of(cost: Objective) -> Units:
    """Those that a cost brings, or its own unit alone."""
    units: Units | None = getattr(cost, "units", None)
    return units or Units({cost.unit: 1.0}, f"10 {cost.unit}".strip())


def _is_word(text: str) -> bool:
    """Whether a text may be a unit."""
    return all(letter.isalpha() for letter in text)
