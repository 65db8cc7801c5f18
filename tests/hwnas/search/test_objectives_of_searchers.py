"""What an evolution minimises: names of objectives, their values, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import BudgetError, ConfigError
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.search.journal import Journal
from hwnas.search.make_problem import make_problem
from hwnas.search.problem import SearchProblem
from hwnas.search.run_search import run_searcher, settings_digest
from hwnas.search.searchers import make_searcher, searcher_class
from hwnas.search.searchers.novelty import jaccard
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.searchers.several_objectives import SeveralObjectives
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures
from hwnas.testing.search_problems import small_space
from hwnas.testing.searchers import MostKernels, SearcherContract
from tests.hwnas.search.problems import (
    every_architecture,
    macro,
    macro_problem,
    synthetic_score,
    widths_problem,
)

NAMES = ("nsga2", "nsga3", "unsga3", "smsemoa", "rvea", "ctaea", "spea2")
MANY = ("score", "cost", "params", "peak_memory", "novelty")


def asked(searcher: Searcher) -> Architectures:
    while len(rows := searcher.ask()):
        searcher.tell(rows, synthetic_score(rows))
    return searcher.evaluated[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("objectives", [("score", "novelty"), MANY])
def test_every_algorithm_takes_as_many_objectives_as_are_named(
    name: str, objectives: tuple[str, ...]
) -> None:
    problem = macro_problem(0.5)
    given = {"objectives": objectives, "population": 4}
    one, other = (asked(make_searcher(name, problem, 60, 3, given)) for _ in range(2))
    assert len(one) == 60
    assert problem.feasible(one).all()
    assert one.tolist() == other.tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("objectives", [("score", "cost"), ("score", "cost", "novelty")])
def test_a_space_of_a_handful_of_networks_is_searched_to_its_end(
    name: str, objectives: tuple[str, ...]
) -> None:
    space = small_space(((1, 1), (1, 1)), (3, 5))
    problem = SearchProblem(space, Trellis.of(space, MACS))
    given = {"objectives": objectives, "population": 4}
    assert len(asked(make_searcher(name, problem, 30, 0, given))) == space.size == 4


class TestNovelty(SearcherContract):
    @pytest.fixture
    def searcher(self) -> type[Searcher]:
        usual = searcher_class("nsga2")

        class Novel(usual):  # type: ignore[misc, valid-type]
            name = "novel"

            def __init__(self, problem: SearchProblem, evaluations: int, seed: int, *_: object):
                chosen = self.settings_model(objectives=("score", "cost", "novelty"))
                super().__init__(problem, evaluations, seed, chosen)

        return Novel


def test_novelty_spreads_the_networks_that_are_evaluated() -> None:
    def distance(objectives: tuple[str, ...]) -> float:
        given = {"objectives": objectives}
        found = [asked(make_searcher("nsga2", macro_problem(), 150, s, given)) for s in range(3)]
        return float(np.mean([jaccard(rows, rows).mean() for rows in found]))

    assert distance(("score", "cost", "novelty")) > distance(("score", "cost"))


def test_values_are_those_of_the_costs_that_are_named() -> None:
    problem = make_problem(macro(), MACS, objectives=[MostKernels()])
    names = ("score", "params", "kernel_sizes", "macs")
    objectives = SeveralObjectives(problem, names, 3, "nsga2")
    rows = every_architecture(macro())[::500]
    scores = {tuple(row): float(index) for index, row in enumerate(rows.tolist()[1:])}
    found = objectives.values(rows, scores, rows)
    networks = macro().networks(rows)
    expected = [
        [-0.0, *(-float(index) for index in range(len(rows) - 1))],
        PARAMETERS.evaluate(networks),
        MostKernels().evaluate(networks),
        MACS.evaluate(networks),
    ]
    assert found == pytest.approx(np.column_stack(expected))


def test_the_fronts_cost_by_both_of_its_names_is_one_objective() -> None:
    objectives = SeveralObjectives(macro_problem(), ("score", "cost", "macs"), 3, "nsga2")
    assert objectives.count == 2


@pytest.mark.parametrize(
    ("objectives", "sentence"),
    [
        (("score", "parms"), r"nsga2: 'objectives' names 'parms', .*; did you mean 'params'\?"),
        (("score", "parms"), r"\(known: score, cost, novelty, macs, params, file_size, peak_mem"),
        (("score", "latency@pi"), "names 'latency@pi', which is nothing that networks of"),
        (("cost", "novelty"), "'objectives' does not name 'score'; add it"),
        (("score", "cost", "score"), "'objectives' names 'score' twice; name it once"),
        (("score",), "objectives"),
    ],
)
def test_a_wrong_objective_is_refused_with_those_that_exist(
    objectives: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        make_searcher("nsga2", macro_problem(), 20, 0, {"objectives": objectives})


def test_a_space_without_networks_has_no_other_costs() -> None:
    problem = widths_problem(0.5)
    assert problem.costs_known == ["macs"]
    with pytest.raises(BudgetError, match="nothing is known of the params of networks of widths"):
        problem.cost_of("params")


def test_a_search_with_novelty_that_was_killed_asks_for_the_same(tmp_path: Path) -> None:
    def run(path: Path, killed_after: int | None = None) -> list[list[int]]:
        left = killed_after

        def score(rows: Architectures) -> np.ndarray:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left = None if left is None else left - 1
            return synthetic_score(rows)

        made = make_searcher("nsga3", macro_problem(0.5), 80, 1, {"objectives": MANY})
        with Journal(path) as journal:
            found: list[list[int]] = run_searcher(made, score, journal).architectures.tolist()
            return found

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed.sqlite", 45)
    assert run(tmp_path / "killed.sqlite") == run(tmp_path / "whole.sqlite")


def test_searches_with_other_values_of_an_objective_are_told_apart() -> None:
    def digest(own: MostKernels | None, *objectives: str) -> str:
        problem = make_problem(macro(), MACS, objectives=[] if own is None else [own])
        return settings_digest(problem, "nsga2", 50, 0, {"objectives": objectives})

    plain = digest(None, "score", "cost")
    assert plain == settings_digest(make_problem(macro(), MACS), "nsga2", 50, 0)
    assert plain == digest(MostKernels(), "score", "cost")
    assert plain != digest(None, "score", "cost", "params") != digest(None, "score", "params")
