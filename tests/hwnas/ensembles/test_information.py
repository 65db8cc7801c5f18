"""TDAC and its parts against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwnas.ensembles.information import shared_information, tdac, variation

BITS = np.array([0, 0, 1, 1])
OTHER_BITS = np.array([0, 1, 0, 1])
PAIRS = 2 * BITS + OTHER_BITS  # four classes, which know both bits

ANSWERS = arrays(np.int64, (2, 30), elements=st.integers(0, 4))


def test_equal_answers_share_all_and_independent_ones_nothing() -> None:
    assert shared_information(BITS, BITS) == pytest.approx(1)
    assert shared_information(BITS, 1 - BITS) == pytest.approx(1)
    assert shared_information(BITS, OTHER_BITS) == pytest.approx(0)
    assert variation(BITS, BITS) == pytest.approx(0)
    assert variation(BITS, OTHER_BITS) == pytest.approx(1)


def test_one_bit_of_two_is_known_as_the_entropies_say() -> None:
    # H = ln 2 and ln 4, and what both tell is ln 2.
    assert shared_information(BITS, PAIRS) == pytest.approx(1 / np.sqrt(2))
    assert variation(BITS, PAIRS) == pytest.approx(1 / 2)


def test_answers_of_unequal_shares() -> None:
    first, second = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    one = 2 * np.log(2) - 0.75 * np.log(3)  # of 3/4 and 1/4
    both = 1.5 * np.log(2)  # of 1/2, 1/4 and 1/4
    shared = one + np.log(2) - both
    assert shared_information(first, second) == pytest.approx(shared / np.sqrt(one * np.log(2)))
    assert variation(first, second) == pytest.approx(1 - shared / both)


def test_what_never_changes_tells_nothing() -> None:
    same = np.zeros(4, np.int64)
    assert shared_information(same, BITS) == 0
    assert variation(same, BITS) == pytest.approx(1)
    assert variation(same, same) == 0


def test_tdac_weighs_diversity_and_accuracy() -> None:
    answers = np.stack([BITS, BITS, OTHER_BITS])
    assert tdac(answers, BITS) == pytest.approx(
        # of equal and right ones: no diversity; of one right, one independent: 1/2 + 1/4
        np.array([[0, 0.5, 0.75], [0.5, 0, 0.75], [0.75, 0.75, 0]])
    )
    assert tdac(answers, BITS, share=0)[0, 1] == pytest.approx(1)
    assert tdac(answers, BITS, share=1)[0, 1] == pytest.approx(0)


@given(ANSWERS)
def test_both_measures_are_symmetric_shares(answers: np.ndarray) -> None:
    for measure in (shared_information, variation):
        value = measure(answers[0], answers[1])
        assert 0 <= value <= 1
        assert value == pytest.approx(measure(answers[1], answers[0]), abs=1e-9)


def test_rounding_leaves_no_share_that_is_none() -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        answers = generator.integers(0, 5, 40)
        others = generator.permutation(5)[answers]  # the same by other names
        assert 0 <= variation(answers, others) < 1e-9
        assert 1 - 1e-9 < shared_information(answers, others) <= 1
