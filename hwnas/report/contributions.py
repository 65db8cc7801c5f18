"""Which searcher of a run found how much of its front."""

from dataclasses import dataclass

from hwnas.runs.searching import RunSearch
from hwnas.search.standings import standings


@dataclass(frozen=True)
class Contribution:
    """What one searcher brought.

    Attributes:
        searcher: its name.
        evaluations: how many networks it asked for with the run's present budgets and settings,
            those that others asked for too included.
        accuracy: of the best that keeps the budgets, %; None where none does.
        on_front: how many networks of the run's front it asked for.
        hypervolume_ratio: the hypervolume of its own front over that of the run's, in the box of
            all searchers' fronts; None where that box has no area.
    """

    searcher: str
    evaluations: int
    accuracy: float | None
    on_front: int
    hypervolume_ratio: float | None


def contributions(result: RunSearch) -> list[Contribution]:
    """What each searcher of a run brought, by name."""
    rows, scores = result.architectures, result.scores
    places = result.problem.on_fronts(rows, scores, result.asked.values())
    fronts = [result.problem.front(rows[some], scores[some]) for some in places]
    # The run's front too: a network whose trial a kill has lost is in no searcher's.
    compared = standings([*fronts, result.front])
    whole = compared.together.hypervolume
    return [
        Contribution(
            name,
            int(some.sum()),
            float(front.scores[-1]) if len(front.scores) else None,
            standing.on_joined,
            standing.hypervolume / whole if standing.hypervolume is not None and whole else None,
        )
        for (name, some), front, standing in zip(
            result.asked.items(), fronts, compared.each[:-1], strict=True
        )
    ]
