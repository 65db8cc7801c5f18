"""One sentence on whether an ensemble is worth it."""

from hwnas.objectives.statistics.intervals import Paired

# A smaller difference of latencies is called none.
_ALIKE = 0.02


def ensemble_verdict(paired: Paired, ensemble_ms: float | None, single_ms: float | None) -> str:
    """As in "not worth it: 0.3 points less accurate than the best single network (-2.1 to +1.5 …)".

    It is worth it only where the interval of the difference is above 0.

    Args:
        paired: on which of the same test images the ensemble is right, and the single network.
        ensemble_ms: measured, or predicted where nothing was measured; None where unknown.
        single_ms: the same of the single network.
    """
    low, high = paired.interval
    difference = paired.difference
    how = "as accurate as" if difference == 0 else f"{_points(abs(difference))} "
    if difference:
        how += "more accurate than" if difference > 0 else "less accurate than"
    told = (
        f"{how} the best single network within the budget on {paired.images:,} test images "
        f"({low:+.1f} to {high:+.1f} points){_speed(ensemble_ms, single_ms)}"
    )
    if low > 0:
        return f"the ensemble is worth it: {told}"
    if difference > 0:
        return f"whether the ensemble is worth it is not known: {told}"
    return f"the ensemble is not worth it: {told}"


def _points(difference: float) -> str:
    return f"{difference:.1f} points" if difference >= 0.05 else "less than 0.1 points"


def _speed(ensemble_ms: float | None, single_ms: float | None) -> str:
    if ensemble_ms is None or single_ms is None:
        return ""
    share = ensemble_ms / single_ms - 1
    if abs(share) < _ALIKE:
        return ", in as much time"
    return f", in {100 * abs(share):.0f} % {'less' if share < 0 else 'more'} time"
