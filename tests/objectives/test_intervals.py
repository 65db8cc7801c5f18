import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from hwnas.objectives.statistics.intervals import Paired, difference_interval, interval_text, wilson

COUNTS = st.integers(0, 60)


@given(st.data(), st.integers(1, 5000))
def test_the_interval_of_an_accuracy_is_wilsons(data: st.DataObject, images: int) -> None:
    right = data.draw(st.integers(0, images))
    found = wilson(100 * right / images, images)
    theirs = binomtest(right, images).proportion_ci(method="wilson")
    assert found == pytest.approx((100 * theirs.low, 100 * theirs.high))
    assert 0 <= found[0] <= 100 * right / images <= found[1] <= 100


def test_no_accuracy_is_certain() -> None:
    assert wilson(100, 54)[0] < 95
    assert wilson(0, 54)[1] > 5


def test_the_interval_of_a_difference_is_newcombes_of_pairs() -> None:
    # Newcombe 1998, table III: 36, 12, 2, 0.
    low, high = Paired(36, 12, 2, 0).interval
    assert (round(low / 100, 4), round(high / 100, 4)) == (0.0569, 0.3404)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_difference_lies_within_its_interval(both: int, one: int, other: int, no: int) -> None:
    pair = Paired(both, one, other, no + 1)
    low, high = pair.interval
    assert -100 <= low <= pair.difference <= high <= 100
    assert Paired(both, other, one, no + 1).interval == pytest.approx((-high, -low))


def test_networks_that_are_wrong_on_the_same_images_are_told_apart_by_fewer() -> None:
    paired = Paired(30, 8, 2, 14).interval
    unpaired = difference_interval(100 * 38 / 54, 100 * 32 / 54, 54, 54)
    assert paired[0] > unpaired[0]
    assert paired[1] < unpaired[1]


def test_pairs_are_counted_image_by_image() -> None:
    first = np.array([True, True, False, False, True])
    second = np.array([True, False, True, False, False])
    assert Paired.of(first, second) == Paired(1, 2, 1, 1)


def test_an_interval_has_decimals_where_it_is_narrow() -> None:
    assert interval_text((31.28, 51.4)) == "31–51"
    assert interval_text((92.61, 93.6)) == "92.6–93.6"
