from dataclasses import replace

import numpy as np
import pytest

from hwnas.report.contributions import contributions
from tests.hwnas.report.results import result_of

NUMBERS = np.random.default_rng(0).permutation(3969).tolist()


def test_a_searcher_that_found_the_whole_front_has_all_of_its_hypervolume() -> None:
    result = result_of({"layernas": NUMBERS[:200], "random": NUMBERS[:40]})
    exact, random = contributions(result)
    assert (exact.searcher, exact.evaluations, exact.on_front) == (
        "layernas",
        200,
        len(result.front.scores),
    )
    assert exact.hypervolume_ratio == pytest.approx(1.0)
    assert exact.accuracy == result.front.scores[-1]
    assert random.hypervolume_ratio is not None
    assert 0.0 < random.hypervolume_ratio < 1.0
    assert random.evaluations == 40


def test_networks_over_the_budget_count_as_asked_for_and_for_nothing_else() -> None:
    result = result_of({"layernas": NUMBERS[:200], "random": NUMBERS[:200]}, quantile=0.3)
    over = ~result.problem.feasible(result.architectures)
    only_dear = {**result.asked, "random": result.asked["random"] & over}
    exact, random = contributions(replace(result, asked=only_dear))
    assert (random.evaluations, random.on_front, random.accuracy) == (int(over.sum()), 0, None)
    assert random.hypervolume_ratio == 0.0
    assert exact.hypervolume_ratio == pytest.approx(1.0)


def test_a_front_of_one_network_has_no_hypervolume_to_share() -> None:
    (only,) = contributions(result_of({"random": NUMBERS[:1]}))
    assert (only.on_front, only.hypervolume_ratio) == (1, None)


def test_a_network_that_nobody_asked_for_is_on_the_front_all_the_same() -> None:
    # A kill between an evaluation and its trial, in a journal of an earlier version.
    result = result_of({"random": NUMBERS[:200]})
    asked = result.asked["random"].copy()
    asked[result.on_front[3]] = False
    (random,) = contributions(replace(result, asked={"random": asked}))
    assert random.on_front == len(result.front.scores) - 1
    assert random.hypervolume_ratio is not None
    assert random.hypervolume_ratio < 1.0
