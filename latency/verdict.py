"""The verdict on a device: whether its timings can be relied on, in words."""

from collections.abc import Sequence

from hwnas.devices.health_files import Finding
from hwnas.latency.noise import Noise
from hwnas.latency.visits import MOST_AFFECTED

GOOD, USABLE = 0.02, 0.05
"""The most noise of each grade; above the second it is poor."""


def grade(noise: Noise) -> str:
    """One of "good", "usable", "poor"; poor too where most visits were of a slow machine."""
    if noise.slow_share > MOST_AFFECTED:
        return "poor"
    if noise.noise <= GOOD:
        return "good"
    return "usable" if noise.noise <= USABLE else "poor"


def verdict(noise: Noise, findings: Sequence[Finding]) -> str:
    """One sentence on whether timings of a device can be relied on, with what to do.

    Args:
        noise: as measured.
        findings: of `hwnas.devices.health`.
    """
    amount = f"measuring twice differs by {100 * noise.noise:.1f} %"
    if noise.slow_share > MOST_AFFECTED:
        amount = (
            f"cannot measure now: the machine was slow during {noise.slow_share:.0%} of the visits "
            f"of a block that never changes; {amount}"
        )
    if grade(noise) == "good":
        return f"good: {amount}, networks that differ by more can be told apart"
    wrong = [finding["name"] for finding in findings if not finding["ok"]]
    advice = f"look first at: {', '.join(wrong)}" if wrong else _reason(noise)
    if grade(noise) == "usable":
        return f"usable: {amount}, so leave a budget that much room; {advice}"
    return f"poor: {amount}, so no prediction can be trusted further than that; {advice}"


def _reason(noise: Noise) -> str:
    """What the figures point to, where no finding does."""
    causes = {
        "it became slower or faster all along, let it warm up or cool down first": abs(noise.drift),
        "something unseen takes its time now and then, measure when it is quiet": noise.slow_share,
        "each start of the process is different, close other programs": noise.session_spread,
    }
    return max(causes, key=lambda text: causes[text])
