"""Several runs side by side: what each found, and how much of what they found together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from hwnas.core.foreign_text import shown
from hwnas.devices.device import Fingerprint
from hwnas.estimators.scores import ScoreInfo
from hwnas.networks.ids import network_id
from hwnas.report.comparable import Searched, Shipped
from hwnas.search.front import Front, knee
from hwnas.search.problem import AnyLimit, CheckedCost, CheckedLimit, Limit, SearchProblem
from hwnas.search.standings import Standings, standings
from hwnas.spaces.shrunk import whole_of


@dataclass(frozen=True)
class RunStanding:
    """One run among others. Accuracies in %, latencies in ms, None where there is no network.

    Attributes:
        run: its folder, as it was named.
        device: that its latencies are of, with its precision.
        searchers: who judged networks in it.
        evaluations: how many networks were judged.
        budgets: the run's own.
        accuracy: the best within the run's own budgets.
        accuracy_in_common: the best judged network within the smallest budgets of all runs.
        front: the run's front.
        knee: the index of its knee, None where it has none.
        knee_id: the id of that network.
        hypervolume: the share of the common box that the front dominates.
        on_joined: how many networks of the joined front it has, or has equals of.
        shipped: the winner that it exported, None for none.
        score_info: where its accuracies come from.
    """

    run: str
    device: str
    searchers: list[str]
    evaluations: int
    budgets: tuple[AnyLimit, ...]
    accuracy: float | None
    accuracy_in_common: float | None
    front: Front
    knee: int | None
    knee_id: str | None
    hypervolume: float | None
    on_joined: int
    shipped: Shipped | None
    score_info: ScoreInfo


@dataclass(frozen=True)
class RunComparison:
    """Runs of one space, resolution and images.

    Attributes:
        title: of the space and the devices.
        accuracy: what a score is and its unit, for the axis.
        unit: of a score: % of an accuracy.
        runs: in the order they were named.
        common_budgets: of each objective that any run has a budget on, the smallest.
        standings: the joined front and the common box.
        notes: sentences on what their difference may come from beside the searching.
        across: "devices", "precisions", or both, where the latencies are not of one device.
    """

    title: str
    accuracy: str
    unit: str
    runs: list[RunStanding]
    common_budgets: tuple[AnyLimit, ...]
    standings: Standings
    notes: list[str]
    across: list[str]


def compare(runs: Sequence[Searched]) -> RunComparison:
    """Compares two runs or more that may be compared, see `check_comparable`."""
    smallest = _smallest(budget for run in runs for budget in run.result.problem.every_limit)
    found = standings([run.result.front for run in runs])
    first = runs[0].experiment
    alike = len({run.experiment.space.name for run in runs}) == 1
    return RunComparison(
        title=f"{whole_of(first.space).name} on {' and '.join(_devices(runs))}",
        accuracy=runs[0].result.score_info.axis,
        unit=runs[0].result.score_info.unit,
        runs=[
            RunStanding(
                run=run.name,
                device=run.device,
                searchers=[*run.result.asked],
                evaluations=len(run.result.scores),
                budgets=run.result.problem.every_limit,
                accuracy=_best(run.result.front),
                accuracy_in_common=_best_within(run, smallest, alike=alike),
                front=run.result.front,
                knee=knee(run.result.front),
                knee_id=_knee_id(run),
                hypervolume=standing.hypervolume,
                on_joined=standing.on_joined,
                shipped=run.shipped,
                score_info=run.result.score_info,
            )
            for run, standing in zip(runs, found.each, strict=True)
        ],
        common_budgets=smallest,
        standings=found,
        notes=_notes(runs),
        across=_across(runs),
    )


def _knee_id(run: Searched) -> str | None:
    front = run.result.front
    found = knee(front)
    return (
        None
        if found is None
        else network_id(run.experiment.space.network(front.architectures[found]))
    )


def _devices(runs: Sequence[Searched]) -> list[str]:
    return list(dict.fromkeys(shown(run.experiment.device.name) for run in runs))


def _across(runs: Sequence[Searched]) -> list[str]:
    """In what the devices differ."""
    names = {
        found.field
        for run in runs[1:]
        if run.fingerprint and runs[0].fingerprint
        for found in runs[0].fingerprint.differences(run.fingerprint)
    }
    devices = bool(names - {"precision"})
    return ["devices"] * devices + ["precisions"] * ("precision" in names)


def _differences(runs: Sequence[Searched]) -> str:
    """What differs between the devices, with the values of all runs, as in "threads 1 and 2"."""
    prints = [run.fingerprint for run in runs if run.fingerprint]
    values = {
        field.name: dict.fromkeys(shown(getattr(one, field.name)) or "none" for one in prints)
        for field in fields(Fingerprint)
    }
    texts = [f"{name} {' and '.join(found)}" for name, found in values.items() if len(found) > 1]
    return "; ".join(texts)


def _smallest(budgets: Iterable[AnyLimit]) -> tuple[AnyLimit, ...]:
    least: dict[str, AnyLimit] = {}
    for budget in budgets:
        known = least.setdefault(budget.name, budget)
        if budget.bound < known.bound:
            least[budget.name] = budget
    return tuple(least.values())


def _best_within(run: Searched, budgets: Sequence[AnyLimit], *, alike: bool) -> float | None:
    """The best of a run's judged networks within budgets, latencies by its own model.

    Args:
        run: whose networks.
        budgets: of any run.
        alike: whether all runs have the same choices; else budgets are laid over this run's own.

    Returns:
        None where there is none, or a budget is on what this run does not know.
    """
    problem = run.result.problem
    own, tested = list[Limit](), list[CheckedLimit]()
    for budget in budgets:
        limit = budget
        if budget.name == problem.cost.name:
            limit = Limit(problem.cost, budget.bound)
        elif not alike:
            if budget.name not in problem.costs_known:
                return None
            cost = problem.cost_of(budget.name)
            limit = (
                CheckedLimit(run.experiment.space, cost.objective, budget.bound)
                if isinstance(cost, CheckedCost)
                else Limit(cost, budget.bound)
            )
        if isinstance(limit, Limit):
            own.append(limit)
        else:
            tested.append(limit)
    asked = SearchProblem(problem.space, problem.cost, tuple(own), tested=tuple(tested))
    return _best(asked.front(run.result.architectures, run.result.scores))


def _best(front: Front) -> float | None:
    return float(front.scores[-1]) if len(front.scores) else None


def _notes(runs: Sequence[Searched]) -> list[str]:
    notes = []
    if len({run.bound.get("supernet") for run in runs}) > 1:
        notes.append("each run has its own supernet, so accuracies also differ by its training")
    across = _across(runs)
    if across:
        notes.append(
            f"latencies are compared across {' and '.join(across)} ({_differences(runs)}): each is "
            "that of its run's own device, and so is each budget"
        )
        if "precisions" in across:
            notes.append(
                "accuracies of the search are of fp32 weights in every run; the accuracies of "
                "the exported files show what a precision costs"
            )
        return notes
    steps = [run.result.problem.cost.steps for run in runs]
    alike = len({run.experiment.space.name for run in runs}) == 1
    if alike and any(not all(map(np.array_equal, steps[0], other)) for other in steps[1:]):
        notes.append("each run has its own latency model of the same device")
    return notes
