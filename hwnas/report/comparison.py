"""Several runs side by side: what each found, and how much of what they found together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hwnas.report.comparable import Searched
from hwnas.search import Budget, SearchProblem
from hwnas.search.front import Front, front_of, knee
from hwnas.search.standings import Standings, standings


@dataclass(frozen=True)
class RunStanding:
    """One run among others. Accuracies in %, latencies in ms, None where there is no network.

    Attributes:
        run: its folder, as it was named.
        searchers: who judged networks in it.
        evaluations: how many networks were judged.
        budgets: the run's own.
        accuracy: the best within the run's own budgets.
        accuracy_in_common: the best judged network within the smallest budgets of all runs.
        front: the run's front.
        knee: the index of its knee, None where it has none.
        hypervolume: the share of the common box that the front dominates.
        on_joined: how many networks of the joined front it has, or has equals of.
    """

    run: str
    searchers: list[str]
    evaluations: int
    budgets: tuple[Budget, ...]
    accuracy: float | None
    accuracy_in_common: float | None
    front: Front
    knee: int | None
    hypervolume: float | None
    on_joined: int


@dataclass(frozen=True)
class RunComparison:
    """Runs of one space, resolution, images and device.

    Attributes:
        title: of the space and the device.
        accuracy: what a score is and its unit, for the axis.
        unit: of a score: % of an accuracy.
        runs: in the order they were named.
        common_budgets: of each objective that any run has a budget on, the smallest.
        standings: the joined front and the common box.
        notes: sentences on what their difference may come from beside the searching.
    """

    title: str
    accuracy: str
    unit: str
    runs: list[RunStanding]
    common_budgets: tuple[Budget, ...]
    standings: Standings
    notes: list[str]


def compare(runs: Sequence[Searched]) -> RunComparison:
    """Compares two runs or more that may be compared, see `check_comparable`."""
    smallest = _smallest(budget for run in runs for budget in run.result.problem.budgets)
    found = standings([run.result.front for run in runs])
    first = runs[0].experiment
    return RunComparison(
        title=f"{first.space.name} on {first.device.name}",
        accuracy=runs[0].result.origin.axis,
        unit=runs[0].result.origin.unit,
        runs=[
            RunStanding(
                run=run.name,
                searchers=sorted({name for some in run.result.found_by.values() for name in some}),
                evaluations=len(run.result.scores),
                budgets=run.result.problem.budgets,
                accuracy=_best(run.result.front),
                accuracy_in_common=_best(_front_within(run, smallest)),
                front=run.result.front,
                knee=knee(run.result.front),
                hypervolume=standing.hypervolume,
                on_joined=standing.on_joined,
            )
            for run, standing in zip(runs, found.each, strict=True)
        ],
        common_budgets=smallest,
        standings=found,
        notes=_notes(runs),
    )


def _smallest(budgets: Iterable[Budget]) -> tuple[Budget, ...]:
    least: dict[str, Budget] = {}
    for budget in budgets:
        known = least.setdefault(budget.trellis.name, budget)
        if budget.bound < known.bound:
            least[budget.trellis.name] = budget
    return tuple(least.values())


def _front_within(run: Searched, budgets: Sequence[Budget]) -> Front:
    """The front of a run's judged networks within budgets, latencies by its own model."""
    problem = run.result.problem
    own = tuple(
        Budget(problem.cost, budget.bound) if budget.trellis.name == problem.cost.name else budget
        for budget in budgets
    )
    asked = SearchProblem(problem.space, problem.cost, own)
    return front_of(asked, run.result.architectures, run.result.scores)


def _best(front: Front) -> float | None:
    return float(front.scores[-1]) if len(front.scores) else None


def _notes(runs: Sequence[Searched]) -> list[str]:
    notes = []
    if len({run.bound.get("supernet") for run in runs}) > 1:
        notes.append(
            "the runs judged with supernets of their own: accuracies differ by the training, too"
        )
    steps = [run.result.problem.cost.steps for run in runs]
    if any(not all(map(np.array_equal, steps[0], other)) for other in steps[1:]):
        notes.append("the runs predict latency by models of their own, of the same device")
    return notes
