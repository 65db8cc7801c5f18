"""SAEP's three ways, within a budget."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwnas.ensembles.pool import Pool
from hwnas.ensembles.proposals import proposals
from hwnas.ensembles.pruning import WAYS, by_information, by_leaving_out

LABELS = np.arange(12) % 3


def pool_of(*answers: Sequence[int]) -> Pool:
    """Networks that are sure of what they answer, 0.8 of three classes."""
    chosen = np.array(answers)
    probabilities = np.full((*chosen.shape, 3), 0.1)
    np.put_along_axis(probabilities, chosen[..., None], 0.8, axis=2)
    return Pool(probabilities, LABELS)


def wrong_on(*images: int) -> list[int]:
    """Answers that are right on all other images."""
    answers = LABELS.copy()
    answers[list(images)] = (answers[list(images)] + 1) % 3
    return answers.tolist()


def everything(members: Sequence[int]) -> bool:
    return bool(members)


def random_pool(seed: int, count: int = 6) -> Pool:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 4, 40)
    logits = generator.standard_normal((count, 40, 4)) + 1.5 * np.eye(4)[labels]
    powers = np.exp(logits)
    return Pool(powers / powers.sum(2, keepdims=True), labels)


def test_averaged_probabilities_are_what_is_judged() -> None:
    pool = pool_of(wrong_on(0, 1), wrong_on(2, 3), wrong_on(4, 5))
    assert pool.accuracy([0]) == pytest.approx(100 * 10 / 12)
    assert pool.accuracy([0, 1, 2]) == 100
    expected = (10 * -np.log(0.8) + 2 * -np.log(0.1)) / 12
    assert pool.cross_entropy([0]) == pytest.approx(expected)
    assert pool.diversity([0]) == 0
    assert 0 < pool.diversity([0, 1]) < 1


def test_what_the_others_miss_is_kept_and_what_repeats_goes() -> None:
    # The first three make up for one another; the last repeats the mistakes of the first.
    pool = pool_of(wrong_on(0, 1), wrong_on(2, 3), wrong_on(4, 5), wrong_on(0, 1, 6))
    assert by_leaving_out(pool, 3, everything) == (0, 1, 2)
    assert pool.accuracy(by_leaving_out(pool, 3, everything)) == 100


def test_information_takes_the_accurate_and_different_ones() -> None:
    pool = pool_of(wrong_on(0, 1), wrong_on(0, 1), wrong_on(2, 3), [0] * 12)
    assert by_information(pool, 2, everything) in {(0, 2), (1, 2)}


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(0, 12))
def test_every_way_keeps_the_budget_and_the_number(seed: int, most: int, budget: int) -> None:
    pool = random_pool(seed)
    costs = [1, 2, 3, 4, 5, 6]

    def fits(members: Sequence[int]) -> bool:
        return sum(costs[one] for one in members) <= budget

    for prune in WAYS.values():
        members = prune(pool, most, fits, seed)
        assert fits(members)
        assert len(members) <= most
        assert list(members) == sorted(set(members))
        assert members or budget == 0 or prune is not WAYS["PRS"]
    found = proposals(pool, most, fits, seed)
    assert all(len(one.members) > 1 and fits(one.members) for one in found)
    ranks = [(one.accuracy, one.diversity) for one in found]
    assert ranks == sorted(ranks, reverse=True)
    assert len({one.members for one in found}) == len(found)
    assert bool(found) <= (budget >= 3)


def test_leaving_out_is_seldom_far_from_the_best_part() -> None:
    short = []
    for seed in range(20):
        pool = random_pool(seed)
        best = max(pool.accuracy(one) for one in itertools.combinations(range(6), 3))
        short.append(best - pool.accuracy(by_leaving_out(pool, 3, everything)))
    assert np.mean(short) < 2


def test_proposals_name_the_ways_that_agree() -> None:
    pool = pool_of(wrong_on(0, 1), wrong_on(2, 3))
    (only,) = proposals(pool, 4, everything)
    assert (only.members, only.ways) == ((0, 1), ("PRS", "PAP", "PIE"))


def test_nothing_is_proposed_where_no_two_fit() -> None:
    pool = random_pool(0)
    assert proposals(pool, 3, lambda members: len(members) < 2) == []
    assert by_leaving_out(pool, 3, lambda members: not members) == ()
