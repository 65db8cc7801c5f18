from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.core.errors import ConfigError
from hwnas.search.front import hypervolume
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers import make_searcher
from hwnas.search.searchers.plain_networks import PlainNetworks
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.structures import Structures
from hwnas.spaces.space import Architectures, keys
from tests.hwnas.search.problems import (
    WidthSpace,
    every_architecture,
    family_problem,
    large_problem,
    macro,
    macro_accuracy,
    macro_problem,
    synthetic_score,
    widths_problem,
)


def searched(problem: SearchProblem, evaluations: int, **settings: Any) -> Searcher:
    searcher = make_searcher("two_stage", problem, evaluations, 0, settings)
    while len(rows := searcher.ask()):
        searcher.tell(rows, synthetic_score(rows))
    return searcher


def structures_of(problem: SearchProblem, rows: Architectures) -> set[tuple[int, ...]]:
    return set(keys(Structures(problem.space).of(rows)))


def are_plain(problem: SearchProblem, rows: Architectures) -> NDArray[np.bool_]:
    """(N,) whether all modules of each network are of one size."""
    structures = Structures(problem.space)
    plain, vectors = PlainNetworks(problem, structures), structures.of(rows)
    found = np.zeros(len(rows), dtype=np.bool_)
    for size in range(plain.counts[-1]):
        sizes = np.full(len(rows), size)
        found |= (plain.networks(np.column_stack((vectors, sizes))) == rows).all(axis=1)
    return found


def test_the_first_stage_asks_for_plain_networks_of_many_structures() -> None:
    problem = large_problem(0.6)
    first = searched(problem, 200).evaluated[0][:60]
    assert are_plain(problem, first).all()
    assert len(structures_of(problem, first)) > 30


def test_the_second_stage_keeps_to_structures_of_the_first_stages_front() -> None:
    problem = large_problem(0.6)
    rows, scores = searched(problem, 200).evaluated
    front = problem.front(rows[:60], scores[:60]).architectures
    assert structures_of(problem, rows[60:]) <= structures_of(problem, front)


def test_the_second_stage_mixes_modules() -> None:
    problem = large_problem(0.6)
    assert not are_plain(problem, searched(problem, 100).evaluated[0][30:]).any()


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_structures_get_their_share_of_the_evaluations(share: float) -> None:
    searcher = make_searcher("two_stage", large_problem(0.6), 100, 0, {"structures": share})
    while searcher.how is None:
        rows = searcher.ask()
        judged = len(searcher.scores)
        searcher.tell(rows, synthetic_score(rows))
    assert judged == 100 * share


def test_it_says_how_many_structures_it_searched() -> None:
    how = searched(macro_problem(0.5), 60).how
    assert how is not None
    assert how.startswith("the modules of ")
    assert how.endswith(" judged structures were searched")


def test_the_first_networks_are_of_all_members_and_costs() -> None:
    problem = family_problem(1.0)
    rows = make_searcher("two_stage", problem, 80, 0).ask()
    assert set(rows[:, 0].tolist()) == {0, 1}
    assert np.ptp(problem.costs(rows)) > 0.7 * np.ptp(problem.cost.range)


def test_a_space_of_one_structure_is_searched_for_its_modules() -> None:
    problem = widths_problem(0.6)
    rows, _ = searched(problem, 80).evaluated
    assert len(rows) == 80
    assert are_plain(problem, rows).sum() <= len(WidthSpace.widths)


def test_children_can_be_taken_at_random() -> None:
    one, other = (
        searched(macro_problem(0.5), 60, children=which).evaluated[0].tolist()
        for which in ("surrogate", "random")
    )
    assert one != other


@pytest.mark.parametrize("setting", [{"structures": 1.0}, {"population": 1}, {"mutation": 0}])
def test_settings_that_cannot_be_are_refused(setting: dict[str, Any]) -> None:
    (key,) = setting
    with pytest.raises(ConfigError, match=f"two_stage: '{key}' is"):
        make_searcher("two_stage", macro_problem(), 10, 0, setting)


def test_100_evaluations_find_nearly_the_whole_front_of_nas_bench_macro() -> None:
    problem = macro_problem()
    searcher = make_searcher("two_stage", problem, 100, 0)
    while len(rows := searcher.ask()):
        searcher.tell(rows, macro_accuracy(rows))
    every = every_architecture(macro())
    accuracies, corner = macro_accuracy(every), (float(problem.cost.range[1]), 80.0)
    ideal = (float(problem.cost.range[0]), float(accuracies.max()))
    found, whole = (
        hypervolume(problem.front(rows, scores), ideal=ideal, reference=corner)
        for rows, scores in (searcher.evaluated, (every, accuracies))
    )
    assert found > 0.98 * whole
