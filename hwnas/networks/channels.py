"""Channel counts as the MobileNet authors round them."""


def make_divisible(channels: float) -> int:
    """The nearest multiple of 8 that is at least 8 and not more than 10 % below.

    (`make_divisible` of the MobileNet authors' code, which once-for-all uses as well.)
    """
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def squeeze_channels(expanded: int) -> int:
    """MobileNetV3's squeeze-excite width: a quarter, rounded."""
    return make_divisible(expanded / 4)
