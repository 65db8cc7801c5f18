"""What a lower precision costs an exported network, and whether it pays."""

from hwnas.networks.blocks import Network
from hwnas.objectives.statistics.intervals import Paired
from hwnas.runs.exported import Exported

LOST = 2.0
"""Points of accuracy that fp16 may cost without a word: it rounds finely, so more is a surprise."""
ALIKE = 0.02
"""By which share two latencies of one run may differ and still be called equal."""


def conversion_doubts(exported: Exported, precision: str, most_drop: float) -> list[str]:
    """What speaks against the precision of an exported network, a sentence each.

    Args:
        exported: the network, as the run's own device runs it.
        precision: of that device.
        most_drop: points of accuracy that int8 may cost on the test images.
    """
    if precision == "fp32":
        return []
    found = (_lost(exported, precision, most_drop), _slower(exported, precision))
    return [sentence for sentence in found if sentence is not None]


def _lost(exported: Exported, precision: str, most_drop: float) -> str | None:
    paired = Paired.of(exported.fp32_numbers.right, exported.numbers.right)
    if paired.difference <= (most_drop if precision == "int8" else LOST):
        return None
    by_chance = ", which may be chance with so few," if paired.interval[0] <= 0 else ""
    return (
        f"{precision} costs {paired.difference:.1f} points of accuracy on the {paired.images:,} "
        f"test images ({paired.first_accuracy:.1f} to {paired.second_accuracy:.1f} %)"
        f"{by_chance or ':'} model.fp32.onnx beside it is the network before its conversion"
    )


def _slower(exported: Exported, precision: str) -> str | None:
    """That the conversion makes it no faster, with both figures of one measurement."""
    reading, fp32 = exported.timed.reading, exported.fp32
    if reading is None or fp32 is None or reading.ms < (1 - ALIKE) * fp32.ms:
        return None
    slower = reading.ms > (1 + ALIKE) * fp32.ms
    advice = (
        "squeeze-excite and hard-swish, which are computed in float between the integers, take "
        "what these save; a space without them pays, such as mobilenet_v2 or "
        "around_efficientnet_lite0"
        if precision == "int8" and _computes_in_float(exported.network)
        else "a device with 'precision: fp32' loses no accuracy there"
    )
    return (
        f"{precision} is {'slower than' if slower else 'as slow as'} fp32 here: {reading.ms:.4g} "
        f"ms, and {fp32.ms:.4g} ms of model.fp32.onnx measured beside it; {advice}"
    )


def _computes_in_float(network: Network) -> bool:
    """Whether operators between the convolutions of an int8 graph have no integer kernels."""
    return any(
        layer.activation == "hard_swish" or layer.name.startswith("squeeze")
        for block in network
        for layer in block.layers()
    )
