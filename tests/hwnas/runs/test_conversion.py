"""What is said of a lower precision that costs accuracy, or does not pay."""

from pathlib import Path

import numpy as np

from hwnas.export.verification import Answers, NumericalCheck
from hwnas.latency.readings import Reading
from hwnas.latency.visits import LatencySummary
from hwnas.networks.blocks import ConvBlock, Head, Network
from hwnas.runs.conversion import conversion_doubts
from hwnas.runs.exported import Exported, Timed


def network(activation: str) -> Network:
    return (ConvBlock(3, 8, 3, 2, activation, 16), Head(8, 16, 8, 4, "relu", 8))


def reading(ms: float) -> Reading:
    return Reading(LatencySummary(1, 1, 0, ms, ms, ms, ms, ms, ms))


def exported(
    right: int = 90, fp32: int = 90, ms: float = 1.0, fp32_ms: float = 2.0, activation: str = "relu"
) -> Exported:
    """A network whose int8 and fp32 files are right on so many of 100 images."""
    sure, labels = np.ones(100, np.float32), np.zeros(100, np.int64)
    checks = [
        NumericalCheck(100, 0.0, Answers((np.arange(100) >= count).astype(int), sure, labels))
        for count in (right, fp32)
    ]
    return Exported(
        folder=Path(),
        network=network(activation),
        weights_from="scratch",
        chosen=None,
        timed=Timed(None, None, reading(ms)),
        test_accuracy=fp32,
        validation_accuracy=fp32,
        numbers=checks[0],
        macs=1,
        parameters=1,
        measured_mj=None,
        fp32=reading(fp32_ms),
        fp32_numbers=checks[1],
        further={},
    )


def test_what_int8_may_cost_goes_without_a_word() -> None:
    assert conversion_doubts(exported(right=89), "int8", 1.0) == []
    assert conversion_doubts(exported(right=50, ms=9.0), "fp32", 1.0) == []


def test_a_drop_above_the_limit_is_told_with_both_accuracies() -> None:
    (said,) = conversion_doubts(exported(right=80), "int8", 1.0)
    assert said == (
        "int8 costs 10.0 points of accuracy on the 100 test images (90.0 to 80.0 %): "
        "model.fp32.onnx beside it is the network before its conversion"
    )
    assert conversion_doubts(exported(right=80), "int8", 10.0) == []


def test_few_images_are_said_to_show_little() -> None:
    (said,) = conversion_doubts(exported(right=88), "int8", 1.0)
    assert "(90.0 to 88.0 %), which may be chance with so few, model.fp32.onnx" in said


def test_int8_that_is_slower_is_told_with_both_figures_and_what_pays() -> None:
    (said,) = conversion_doubts(exported(ms=2.7, fp32_ms=2.4, activation="hard_swish"), "int8", 1.0)
    assert "int8 is slower than fp32 here: 2.7 ms, and 2.4 ms of model.fp32.onnx" in said
    assert "squeeze-excite and hard-swish" in said
    assert "mobilenet_v2" in said


def test_of_a_network_without_these_the_advice_is_fp32() -> None:
    (said,) = conversion_doubts(exported(ms=2.0, fp32_ms=2.0), "int8", 1.0)
    assert "int8 is as slow as fp32 here" in said
    assert "hard-swish" not in said
    assert "'precision: fp32'" in said
