"""Channel counts as the MobileNet authors round them."""

from collections.abc import Iterable


def make_divisible(channels: float) -> int:
    """The nearest multiple of 8 that is at least 8 and not more than 10 % below.

    (`make_divisible` of the MobileNet authors' code, which once-for-all uses as well.)
    """
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def squeeze_channels(expanded: int) -> int:
    """MobileNetV3's squeeze-excite width: a quarter, rounded."""
    return make_divisible(expanded / 4)


def scaled_channels(own: int, factors: Iterable[float]) -> list[int]:
    """A count and its neighbours, rising: the multiples of 8 nearest to it times each factor.

    Those that are less than 8 channels from its own are left out.
    """
    nearest = {max(8, int(own * factor / 8 + 0.5) * 8) for factor in factors}
    return sorted({own, *(count for count in nearest if abs(count - own) >= 8)})
