"""hwnas.run_search: functions, searchers, journals, and what comes out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import hwnas
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import AdditiveObjective
from hwnas.search.searchers.random_search import RandomSearch
from tests.hwnas.api.networks import channels, latency_of
from tests.hwnas.search.problems import every_architecture

SPACE = hwnas.load_space("nas_bench_macro", resolution=16)


@pytest.fixture(scope="module")
def problem() -> hwnas.Problem:
    return hwnas.Problem(SPACE, latency_of(SPACE), budgets={"latency": "10 ms", "macs": "8 M"})


@pytest.mark.parametrize("searcher", ["surrogate", "layernas", "nsga2", "random"])
def test_every_budget_is_kept(problem: hwnas.Problem, searcher: str) -> None:
    result = hwnas.run_search(problem, channels, searcher=searcher, evaluations=30)
    assert len(result.front)
    assert all(one.costs["macs"] <= 8e6 for one in result.front)
    assert result.best.score == max(one.score for one in result.front)


def test_the_same_seed_judges_the_same_networks(problem: hwnas.Problem) -> None:
    first, again, other = (
        hwnas.run_search(problem, channels, evaluations=20, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.architectures, again.architectures)
    assert not np.array_equal(first.architectures, other.architectures)


def test_a_function_may_take_architectures(problem: hwnas.Problem) -> None:
    shapes = []

    def score(architectures: np.ndarray) -> np.ndarray:
        shapes.append(architectures.shape)
        return architectures.sum(axis=1)

    result = hwnas.run_search(problem, score, evaluations=5, of="architectures")
    assert {shape[1] for shape in shapes} == {8}
    assert result.scores.tolist() == result.architectures.sum(axis=1).tolist()


def test_a_searcher_may_be_a_class(problem: hwnas.Problem) -> None:
    by_class = hwnas.run_search(problem, channels, searcher=RandomSearch, evaluations=10)
    by_name = hwnas.run_search(problem, channels, searcher="random", evaluations=10)
    assert np.array_equal(by_class.architectures, by_name.architectures)


def test_a_sum_over_blocks_is_searched_exactly_unless_told_otherwise(
    problem: hwnas.Problem,
) -> None:
    score = AdditiveObjective(
        "channels", "channels", lambda block: float(block.out_channels), direction="maximize"
    )
    exact = hwnas.run_search(problem, score).best
    sampled = hwnas.run_search(problem, score, searcher="random", evaluations=200).best
    assert exact.score >= sampled.score


def test_an_estimator_scores_networks(problem: hwnas.Problem) -> None:
    score = hwnas.load_estimator("synflow", SPACE)
    result = hwnas.run_search(problem, score, searcher="random", evaluations=3)
    assert result.scores.tolist() == score.evaluate_architectures(result.architectures).tolist()


def test_accuracies_of_a_csv_are_searched_exactly(problem: hwnas.Problem, tmp_path: Path) -> None:
    rows = every_architecture(SPACE)
    accuracies = 90 + rows.sum(axis=1) / 10
    lines = [" ".join(map(str, row)) for row in rows.tolist()]
    csv = "".join(f"{line},{a:.2f}\n" for line, a in zip(lines, accuracies, strict=True))
    (tmp_path / "known.csv").write_text(f"architecture,accuracy\n{csv}")
    score = hwnas.load_estimator("table", SPACE, file=tmp_path / "known.csv")
    best = hwnas.run_search(problem, score).best
    kept = problem.search_problem.feasible(rows)
    assert best.score == pytest.approx(accuracies[kept].max(), abs=0.01)


def test_a_journal_resumes_an_interrupted_search(problem: hwnas.Problem, tmp_path: Path) -> None:
    journal, judged = tmp_path / "run.sqlite", 0

    def interrupted(networks: Sequence[Network]) -> list[int]:
        nonlocal judged
        judged += 1
        if judged == 6:
            raise KeyboardInterrupt
        return channels(list(networks))

    with pytest.raises(KeyboardInterrupt):
        hwnas.run_search(problem, interrupted, evaluations=10, journal=journal)
    resumed = hwnas.run_search(problem, interrupted, evaluations=10, journal=journal)
    assert judged == 6 + 5
    whole = hwnas.run_search(problem, channels, evaluations=10)
    assert np.array_equal(resumed.architectures, whole.architectures)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"searcher": "serogate"}, "did you mean 'surrogate'"),
        ({"settings": {"speed": 1}}, "unknown key 'speed'"),
        ({"searcher": "exact_front"}, "score"),
        ({"evaluations": 0}, "evaluations must be a whole number from 1 on, and is 0"),
        ({"evaluations": 2.5}, "evaluations must be a whole number"),
        ({"problem": SPACE}, "the problem must be a hwnas.Problem"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    problem: hwnas.Problem, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(hwnas.HwnasError, match=sentence):
        hwnas.run_search(**{"problem": problem, "score": channels, "evaluations": 5, **arguments})


def test_a_score_that_is_no_number_for_each_network_is_one_sentence(
    problem: hwnas.Problem,
) -> None:
    with pytest.raises(hwnas.HwnasError, match="return one number for each"):
        hwnas.run_search(problem, lambda _: [1.0, 2.0], evaluations=5)
    with pytest.raises(hwnas.HwnasError, match="nan"):
        hwnas.run_search(problem, lambda _: [float("nan")], evaluations=5)


@pytest.mark.parametrize("together", [False, True])
def test_a_function_is_given_one_network_at_a_time_unless_all_are_asked_for(
    problem: hwnas.Problem, *, together: bool
) -> None:
    counts = []

    def score(networks: list[Network]) -> list[int]:
        counts.append(len(networks))
        return channels(networks)

    hwnas.run_search(problem, score, searcher="nsga2", evaluations=30, together=together)
    assert (max(counts) > 1) == together


class Asks(RandomSearch):
    """A searcher that breaks a rule."""

    question: ClassVar[object] = None

    def ask(self) -> Any:
        return self.question


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (np.zeros((1, 8), int), r"asked again for \[0, 0, 0, 0, 0, 0, 0, 0\]"),
        (np.zeros((1, 7), int), r"asked for an array of shape \(1, 7\)"),
        (np.full((1, 8), 9), "asked for a wrong choice"),
        ([[0] * 8], "asked for list"),
    ],
)
def test_a_searcher_that_breaks_a_rule_is_named(
    problem: hwnas.Problem, question: object, sentence: str
) -> None:
    searcher = type("Own", (Asks,), {"name": "own", "question": question})
    with pytest.raises(hwnas.HwnasError, match=f"the searcher own {sentence}"):
        hwnas.run_search(problem, channels, searcher=searcher, evaluations=5)


def test_an_estimator_of_another_space_is_refused(problem: hwnas.Problem) -> None:
    score = hwnas.load_estimator("params", hwnas.load_space("nas_bench_macro", resolution=32))
    with pytest.raises(hwnas.HwnasError, match=r"at 32 px.* and the problem is of .*at 16 px"):
        hwnas.run_search(problem, score, evaluations=5)
