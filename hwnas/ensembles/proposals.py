"""Proposals: the ensembles of a pool that are worth building, the best first."""

from dataclasses import dataclass

from hwnas.ensembles.pool import Pool
from hwnas.ensembles.pruning import WAYS, Fits, Members


@dataclass(frozen=True)
class Proposal:
    """An ensemble.

    Attributes:
        members: numbers of the networks in the pool.
        ways: that propose it, of `hwnas.ensembles.pruning.WAYS`.
        accuracy: of the averaged probabilities on the images of the pool, in percent.
        diversity: see `Pool.diversity`.
    """

    members: Members
    ways: tuple[str, ...]
    accuracy: float
    diversity: float


def proposals(pool: Pool, most: int, fits: Fits, seed: int = 0) -> list[Proposal]:
    """What each way proposes, of each number of members from 2 on, without repetitions.

    Args:
        pool: the networks.
        most: members.
        fits: whether some of them keep the budget.
        seed: of the way that draws at random.

    Returns:
        The most accurate first, of equal ones the most diverse; none where no two fit.
    """
    ways: dict[Members, dict[str, None]] = {}
    for count in range(2, most + 1):
        for name, prune in WAYS.items():
            members = prune(pool, count, fits, seed)
            if len(members) > 1:
                ways.setdefault(members, {})[name] = None
    found = [
        Proposal(members, tuple(names), pool.accuracy(members), pool.diversity(members))
        for members, names in ways.items()
    ]
    return sorted(found, key=lambda one: (-one.accuracy, -one.diversity))
