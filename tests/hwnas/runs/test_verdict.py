"""What is said in a sentence of a winner beside the reference."""

from typing import Any

import pytest

from hwnas.objectives.statistics.intervals import Paired
from hwnas.runs.verdict import verdict
from tests.hwnas.report.results import summary_of

FAST = {"measured_ms": 0.64, "predicted_ms": 0.7}


def printed(both: int, first: int, second: int, neither: int, **changed: Any) -> str:
    """The verdict on networks that are both right on so many images, one alone, or neither."""
    summary = summary_of(FAST | changed, {"measured_ms": 1.0, "predicted_ms": 1.0})
    assert summary.reference is not None
    return verdict(summary.winner, summary.reference, Paired(both, first, second, neither))


def test_accuracies_that_the_images_cannot_tell_apart_are_the_same() -> None:
    text = printed(190, 3, 2, 5)
    assert text == "36 % faster than v3; accuracy the same within ± 3 points on 200 images"


def test_accuracies_that_may_differ_by_much_are_not_called_the_same() -> None:
    text = printed(8, 4, 5, 3)
    assert "accuracy undecided on 20 images (-" in text


@pytest.mark.parametrize(("first", "second"), [(1, 3), (0, 10)])
def test_a_network_below_the_reference_never_goes_without_a_sentence(
    first: int, second: int
) -> None:
    sentence = printed(40, first, second, 3).rpartition(". ")[2]
    assert "below the reference's" in sentence
    assert "winner" not in sentence  # it stands there of a former winner too


def test_differences_that_the_images_do_tell_are_named_with_their_interval() -> None:
    assert "; more accurate by 10 points (" in printed(80, 11, 1, 8)
    assert "; less accurate by 10 points (" in printed(80, 1, 11, 8)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"measured_ms": 1.2}, "20 % slower than v3;"),
        ({"measured_ms": 1.001}, "as fast as v3;"),
        ({"measured_ms": None}, "predicted to be 30 % faster than v3;"),
        ({"measured_ms": None, "predicted_ms": None}, "accuracy the same"),
    ],
)
def test_speed_is_the_measured_one_where_there_is_one(changed: dict[str, Any], text: str) -> None:
    assert printed(500, 2, 2, 1, **changed).startswith(text)
