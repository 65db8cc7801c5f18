"""Channel counts as the MobileNet authors round them."""

from latency.channels import make_divisible

__all__ = ["make_divisible", "squeeze_channels"]


def squeeze_channels(expanded: int) -> int:
    """MobileNetV3's squeeze-excite width: a quarter, rounded."""
    return make_divisible(expanded / 4)
