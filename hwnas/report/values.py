"""What each choice of each slot is worth, fitted to the judged networks of a run."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import HwnasError
from hwnas.networks.blocks import Skip
from hwnas.runs.searching import RunSearch
from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.trellis import Trellis
from hwnas.spaces import Space

# With fewer networks a choice of the worst kind of space was hardly ever seen.
LEAST_NETWORKS = 30
# A regression on so many says what it says on more.
_MOST = 20_000
# With many networks the strength of the ridge hardly matters, and choosing it takes seconds.
_MANY, _STRENGTH = 1000, 1.0


@dataclass(frozen=True)
class ChoiceValues:
    """An additive fit of scores.

    Attributes:
        slots: their names.
        choices: of each slot, the names of its choices.
        values: of each slot, (C,) what a choice adds beside the mean of the slot.
        chosen: of each slot, the choice of the best network within the budgets; -1 for none.
        seen: of each slot, (C,) how many judged networks have the choice.
        explained: the share of the scores' variance that the sum explains (R²).
        networks: how many it was fitted to.
        model_ms, model_score: the exact front of the sum against predicted latency, within the
            budgets; empty where there is none.
    """

    slots: list[str]
    choices: list[list[str]]
    values: list[NDArray[np.float64]]
    chosen: list[int]
    seen: list[NDArray[np.int64]]
    explained: float
    networks: int
    model_ms: list[float] = field(default_factory=list)
    model_score: list[float] = field(default_factory=list)


def choice_values(result: RunSearch, space: Space) -> ChoiceValues | None:
    """Fits a sum of values of choices to a run's judged networks; None of too few of them."""
    rows, scores = result.architectures[:_MOST], result.scores[:_MOST]
    if len(rows) < LEAST_NETWORKS or not float(np.ptp(scores)) > 0:
        return None
    model = fit_additive(space, rows, scores, _STRENGTH if len(rows) > _MANY else None)
    rest = scores - model.evaluate(rows)
    counts = [int(one) for one in space.choice_counts]
    seen = [np.bincount(rows[:, i], minlength=count) for i, count in enumerate(counts)]
    best = result.front.architectures[-1].tolist() if len(result.front.scores) else None
    names, choices = _names(space)
    costs, promised = _front(model, result)
    return ChoiceValues(
        slots=names,
        choices=choices,
        values=[
            _beside_mean(step[0, 0], some) for step, some in zip(model.steps, seen, strict=True)
        ],
        chosen=best or [-1] * len(counts),
        seen=seen,
        explained=float(1 - rest.var() / scores.var()),
        networks=len(rows),
        model_ms=costs,
        model_score=promised,
    )


def _beside_mean(values: NDArray[np.float64], seen: NDArray[np.int64]) -> NDArray[np.float64]:
    mean = float(np.average(values, weights=seen)) if seen.any() else 0.0
    return values - mean


def _front(model: Trellis, result: RunSearch) -> tuple[list[float], list[float]]:
    try:
        front = exact_front(model, result.problem.relaxed, FEW_LABELS)
    except HwnasError:  # no network keeps the budgets
        return [], []
    return front.costs.tolist(), front.scores.tolist()


def _names(space: Space) -> tuple[list[str], list[list[str]]]:
    """The names of the slots and of their choices."""
    first, names, choices = space.members[0], [], []
    if len(space.choice_counts) > len(first.slots):
        names.append("size")
        choices.append([f"{one.resolution} px, width {one.width:g}" for one in space.members])
    place: dict[int, int] = {}
    for slot in first.slots:
        place[slot.stage] = place.get(slot.stage, 0) + 1
        names.append(f"stage {slot.stage}, block {place[slot.stage]}")
        choices.append(
            ["skip" if isinstance(one, Skip) else one.choice_name for one in slot.choices]
        )
    return names, choices
