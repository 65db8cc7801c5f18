"""By how much a network is over the budgets of a run."""

import numpy as np

from hwnas.objectives.budgets import ENERGY, LATENCY, device_of
from hwnas.objectives.objective import amount
from hwnas.runs.measuring import Measured
from hwnas.runs.picks import Pick
from hwnas.runs.places import OWN
from hwnas.runs.searching import RunSearch
from hwnas.search.problem import AnyLimit, Limit


def over_budgets(pick: Pick, result: RunSearch, measured: Measured) -> tuple[str, ...]:
    """A sentence for each budget that a network is over.

    What was measured counts where it is certain, and else what was predicted or counted.
    """
    found = []
    for limit in result.problem.every_limit:
        value, how = _predicted(limit, pick), "predicted"
        over = value > limit.bound
        name = OWN if limit.name == LATENCY else device_of(limit.name)
        if name is not None and name in measured.findings:
            finding = measured.findings[name]
            value, how = finding.winner.ms, "measured"
            over = finding.keeps is False and value > limit.bound
        elif limit.name == ENERGY:
            used = measured.energy
            if used is not None and used.measured_mj is not None:
                value, how, over = used.measured_mj, "measured", used.over
        elif name is None:
            how = ""
        if over:
            found.append(_sentence(limit, value, how))
    return tuple(found)


def _predicted(limit: AnyLimit, pick: Pick) -> float:
    """The cost of a network in the limit's unit, without measuring anything."""
    rows = np.array([pick.architecture], dtype=np.int64)
    values = limit.trellis.evaluate(rows) if isinstance(limit, Limit) else limit.evaluate(rows)
    return float(values[0])


def _sentence(limit: AnyLimit, value: float, how: str) -> str:
    share = 100 * (value / limit.bound - 1)
    text = f"{share:.0f}" if share >= 10 else f"{share:.1f}"
    parts = (limit.name, f"{amount(value)} {limit.unit}".strip(), how)
    of = f"{amount(limit.bound)} {limit.unit}".strip()
    return f"{' '.join(filter(None, parts))}, {text} % over the budget of {of}"
