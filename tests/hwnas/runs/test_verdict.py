"""What a summary says in a sentence of a winner beside the reference."""

from typing import Any

import pytest

from hwnas.runs.verdict import verdict


def summary(difference: float, interval: tuple[float, float], **changed: Any) -> dict[str, Any]:
    return {
        "reference": "v3",
        "test_images": 54,
        "measured_ms": 0.64,
        "reference_measured_ms": 1.0,
        "predicted_ms": 0.7,
        "reference_predicted_ms": 1.0,
        "accuracy_difference": difference,
        "accuracy_difference_interval": interval,
    } | changed


def test_accuracies_that_the_images_cannot_tell_apart_are_the_same() -> None:
    said = verdict(summary(1.0, (-4.2, 6.2)))
    assert said == "36 % faster than v3; accuracy the same within ± 6 points on 54 images"


def test_accuracies_that_may_differ_by_much_are_not_called_the_same() -> None:
    said = verdict(summary(-1.0, (-29.2, 12.2)))
    assert "accuracy undecided on 54 images (-29 to +12 points)" in str(said)


@pytest.mark.parametrize("interval", [(-9.1, 1.6), (-9.1, -0.6)])
def test_a_winner_below_the_reference_never_goes_without_a_sentence(
    interval: tuple[float, float],
) -> None:
    said = verdict(summary(-3.7, interval)) or ""
    assert "below the reference" in said.rpartition(". ")[2]


def test_differences_that_the_images_do_tell_are_named_with_their_interval() -> None:
    assert "more accurate by 4 points (1.0 to 7.4) on 54 images" in str(
        verdict(summary(4.2, (1.0, 7.4)))
    )
    assert "less accurate by 4 points (1.0 to 7.4)" in str(verdict(summary(-4.2, (-7.4, -1.0))))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"measured_ms": 1.2}, "20 % slower than v3;"),
        ({"measured_ms": 1.001}, "as fast as v3;"),
        ({"measured_ms": None}, "predicted to be 30 % faster than v3;"),
        ({"measured_ms": None, "predicted_ms": None}, "accuracy the same"),
    ],
)
def test_speed_is_the_measured_one_where_there_is_one(changed: dict[str, Any], said: str) -> None:
    assert str(verdict(summary(0.0, (-3, 3), **changed))).startswith(said)


def test_without_a_reference_there_is_no_verdict() -> None:
    assert verdict(summary(0.0, (-3, 3), reference=None)) is None
    assert verdict({"reference": "v3", "test_images": 5}) is None
