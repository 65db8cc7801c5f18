import re

import numpy as np
import pytest

from hwnas.data import describe, to_input
from hwnas.data.preprocessing import multiply_and_subtract
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.modules import NetworkModule

HALF = Conventions(epsilon=1e-3, momentum=0.01, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def test_usual_conventions_leave_the_identity_of_networks_as_it_was() -> None:
    assert USUAL.text == ""
    assert Conventions(epsilon=1e-3).text == "\nepsilon=0.001"


def test_networks_of_other_conventions_are_others() -> None:
    blocks = [ConvBlock(3, 8, 3, 2, "relu", 8)]
    names = {NetworkModule(blocks, 0, one).identity for one in (USUAL, HALF, Conventions(1e-3))}
    assert len(names) == 3


def test_batch_norms_follow_them() -> None:
    module = NetworkModule([ConvBlock(3, 8, 3, 2, "relu", 8)], 0, HALF)
    norm = module.get_submodule("block0.conv.norm")
    assert (norm.epsilon, norm.momentum) == (1e-3, 0.01)


def test_mean_and_std_are_those_of_the_input_and_of_what_an_export_says() -> None:
    pixels = np.array([0, 127, 255], np.uint8).reshape(1, 3, 1, 1)
    values = to_input(pixels, HALF).flatten().tolist()
    assert values == pytest.approx([-1, 127 / 127.5 - 1, 1], abs=1e-6)
    described = describe(8, conventions=HALF)
    assert described["mean"] == described["std"] == [0.5] * 3
    multiply, subtract = multiply_and_subtract(HALF)
    assert (described["multiply"], described["subtract"]) == (multiply.tolist(), subtract.tolist())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epsilon": 0.0}, "epsilon must be above 0"),
        ({"momentum": 2.0}, "momentum must be above 0 and at most 1, not 2"),
        ({"mean": (0.5, 0.5, 127.0)}, "mean must be three numbers from 0 to 1"),
        ({"std": (0.0, 0.5, 0.5)}, "std must be three numbers above 0"),
    ],
)
def test_values_out_of_range_are_refused_by_name(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Conventions(**wrong)
