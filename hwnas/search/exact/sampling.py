"""Random feasible architectures, also where hardly any architecture is feasible."""

from collections.abc import Container

import numpy as np
from numpy.typing import NDArray

from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures, keys

# Draws that may bring nothing before the next, surer and slower way is taken.
_ROUNDS = 8
# As many prefixes are enumerated to know for certain that nothing is left: some 10 ms.
_ENUMERATED = 20_000


def sample_feasible(
    problem: SearchProblem,
    generator: np.random.Generator,
    count: int,
    seen: Container[tuple[int, ...]] = (),
) -> Architectures:
    """(count', L) distinct random canonical architectures within every budget, none of `seen`.

    Drawn as `space.sample` draws and rejected where they break a budget. Where too few pass, a
    space with few feasible networks is enumerated, so that count' < count means that there are no
    more; a large one is walked slot by slot through completable prefixes.
    """
    found: dict[tuple[int, ...], None] = {}

    def add(rows: Architectures) -> None:
        for key in keys(rows[problem.feasible(rows)]):
            if len(found) < count and key not in seen:
                found[key] = None

    for _ in range(_ROUNDS):
        if len(found) < count:
            add(problem.space.sample(generator, max(64, 2 * count)))
    if len(found) < count:
        every = enumerate_feasible(problem, _ENUMERATED)
        if every is not None:
            add(generator.permutation(every))
        else:
            for draw in (_walk, _random_fronts):
                for _ in range(_ROUNDS):
                    if len(found) < count:
                        add(draw(problem, generator, count))
    return np.array(list(found), dtype=np.int64).reshape(len(found), problem.length)


def extensions(
    problem: SearchProblem, prefixes: Architectures
) -> tuple[NDArray[np.int64], Architectures]:
    """Every allowed, completable prefix one choice longer than prefixes (N, P).

    Returns:
        (M,) which prefix each extends, and (M, P + 1) the longer prefixes.
    """
    slot = prefixes.shape[1]
    last = prefixes[:, -1] if slot else np.zeros(len(prefixes), dtype=np.int64)
    parents, choices = np.nonzero(problem.space.allowed(slot)[last])
    longer = np.column_stack((prefixes[parents], choices))
    kept = problem.completable(longer)
    return parents[kept], longer[kept]


def enumerate_feasible(problem: SearchProblem, limit: int) -> Architectures | None:
    """(N, L) every feasible architecture, or None where that takes over `limit` prefixes."""
    rows = np.zeros((1, 0), dtype=np.int64)
    for _ in problem.space.choice_counts:
        _, rows = extensions(problem, rows)
        if len(rows) > limit:
            return None
    kept: Architectures = rows[problem.feasible(rows)]
    return kept


def _walk(problem: SearchProblem, generator: np.random.Generator, count: int) -> Architectures:
    """Random walks through completable prefixes; with one budget nearly all arrive."""
    rows = np.zeros((2 * count, 0), dtype=np.int64)
    for _ in problem.space.choice_counts:
        parents, longer = extensions(problem, rows)
        order = np.lexsort((generator.random(len(parents)), parents))
        _, first = np.unique(parents[order], return_index=True)
        rows = longer[order[first]]
    return rows


def _random_fronts(
    problem: SearchProblem, generator: np.random.Generator, count: int
) -> Architectures:
    """Exact fronts of random scores: finds what several tight budgets together leave over."""
    values = [generator.random(count) for count in problem.space.choice_counts]
    score = Trellis.from_values(problem.space, "random", "", 0.0, values)
    rows = exact_front(score, problem.relaxed, FEW_LABELS).architectures
    drawn: Architectures = generator.permutation(rows)[:count]
    return drawn
