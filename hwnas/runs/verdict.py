"""One sentence on a winner beside the reference, with what the test images can tell apart."""

from collections.abc import Mapping
from typing import Any

from hwnas.objectives.statistics.intervals import Interval, Paired, wilson

# A smaller difference of latencies is called none.
_ALIKE = 0.005
# Accuracies that may differ by more points than this are not called the same.
_UNDECIDED = 10.0


def intervals(accuracy: float, reference: float | None, images: int) -> dict[str, Any]:
    """The 95 % intervals of the accuracies of a summary, in percent."""
    return {
        "accuracy_interval": list(wilson(accuracy, images)),
        "reference_accuracy_interval": (
            None if reference is None else list(wilson(reference, images))
        ),
    }


def difference(paired: Paired | None) -> dict[str, Any]:
    """How much more accurate the winner is than the reference, in points; None without one."""
    return {
        "accuracy_difference": paired and paired.difference,
        "accuracy_difference_interval": paired and list(paired.interval),
    }


def verdict(summary: Mapping[str, Any]) -> str | None:
    """As in "36 % faster than X; accuracy the same within ± 6 points on 54 images".

    A winner whose accuracy on the test images is below the reference's always gets a sentence of
    its own. None for a summary without a reference, or of before there were intervals.
    """
    interval = summary.get("accuracy_difference_interval")
    if not summary.get("reference") or interval is None:
        return None
    difference, images = float(summary["accuracy_difference"]), int(summary["test_images"])
    parts = [part for part in (_speed(summary), _accuracy(difference, interval, images)) if part]
    below = _below(difference, interval, images)
    return "; ".join(parts) + (f". {below}" if below else "")


def _speed(summary: Mapping[str, Any]) -> str | None:
    reference = summary["reference"]
    for key, how in (("measured_ms", ""), ("predicted_ms", "predicted to be ")):
        own, other = summary.get(key), summary.get(f"reference_{key}")
        if own is None or other is None:
            continue
        share = own / other - 1
        if abs(share) < _ALIKE:
            return f"{how}as fast as {reference}"
        word = "faster" if share < 0 else "slower"
        return f"{how}{100 * abs(share):.0f} % {word} than {reference}"
    return None


def _accuracy(difference: float, interval: Interval, images: int) -> str:
    low, high = interval
    if low <= 0 <= high:
        most = max(-low, high)
        if most > _UNDECIDED:
            return f"accuracy undecided on {images:,} images ({low:+.0f} to {high:+.0f} points)"
        return f"accuracy the same within ± {_points(most)} on {images:,} images"
    word = "more" if difference > 0 else "less"
    ends = sorted((abs(low), abs(high)))
    return (
        f"{word} accurate by {_points(abs(difference))} ({ends[0]:.1f} to {ends[1]:.1f}) on "
        f"{images:,} images"
    )


def _below(difference: float, interval: Interval, images: int) -> str | None:
    if difference >= 0:
        return None
    if interval[1] >= 0:
        return (
            f"The winner is {_points(-difference)} below the reference, which may be chance with "
            f"{images:,} images: more test images would tell"
        )
    return (
        "The winner is below the reference: try a larger budget, more epochs (train.epochs) or "
        "more images, or keep the reference"
    )


def _points(value: float) -> str:
    text = f"{value:.0f}" if value >= 2 else f"{value:.1f}"
    return f"{text} point{'' if text == '1' else 's'}"
