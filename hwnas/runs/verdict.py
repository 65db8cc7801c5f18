"""One sentence on a winner beside the reference, with the difference the test images can show."""

from hwnas.objectives.statistics.intervals import Interval, Paired
from hwnas.runs.summary_form import Figures, Reference

# A smaller difference of latencies is called none.
_ALIKE = 0.005
# Accuracies that may differ by more points than this are not called the same.
_UNDECIDED = 10.0


def verdict(winner: Figures, reference: Reference, paired: Paired) -> str:
    """As in "36 % faster than X; accuracy the same within ± 6 points on 54 images".

    A network whose accuracy on the test images is below the reference's always gets a sentence of
    its own. No sentence calls it the winner: after another export it may no longer be.

    Args:
        winner: its figures, or those of another network that was exported.
        reference: those of the published network.
        paired: on which of the same test images each is right.
    """
    difference, interval, images = paired.difference, paired.interval, paired.images
    accuracy = _accuracy(difference, interval, images)
    parts = [part for part in (_speed(winner, reference), accuracy) if part]
    below = _below(difference, interval, images)
    return "; ".join(parts) + (f". {below}" if below else "")


def _speed(winner: Figures, reference: Reference) -> str | None:
    pairs = (
        (winner.measured_ms, reference.measured_ms, ""),
        (winner.predicted_ms, reference.predicted_ms, "predicted to be "),
    )
    for own, other, how in pairs:
        if own is None or other is None:
            continue
        share = own / other - 1
        if abs(share) < _ALIKE:
            return f"{how}as fast as {reference.name}"
        word = "faster" if share < 0 else "slower"
        return f"{how}{100 * abs(share):.0f} % {word} than {reference.name}"
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
            f"Its accuracy is {_points(-difference)} below the reference's, which may be chance "
            f"with {images:,} images: more test images would tell"
        )
    return (
        "Its accuracy is below the reference's: try a larger budget, more epochs (train.epochs) or "
        "more images, or keep the reference"
    )


def _points(value: float) -> str:
    text = f"{value:.0f}" if value >= 2 else f"{value:.1f}"
    return f"{text} point{'' if text == '1' else 's'}"
