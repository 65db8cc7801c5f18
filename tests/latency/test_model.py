import json

import numpy as np
import pytest

from hwnas.core.errors import TableError
from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.latency.validation import Agreement, Validation
from hwnas.networks.blocks import ConvBlock, Skip, block_key

ONE, TWO = ConvBlock(3, 8, 3, 2, "relu", 16), ConvBlock(8, 8, 3, 1, "relu", 8)
BLOCK_MS = {block_key(ONE): 2.0, block_key(TWO): 1.0}


def test_a_prediction_is_overhead_and_corrected_blocks() -> None:
    model = LatencyModel(BLOCK_MS, Correction("x", 0.5, {"scale": 0.9, "per_block": -0.1}))
    assert model.predict([(ONE, TWO, Skip(8, 8))]) == pytest.approx([0.5 + 0.9 * 3 - 0.2])
    assert model.block_value(Skip(8, 8)) == 0


def test_a_block_that_was_not_measured_is_named() -> None:
    model = LatencyModel({}, Correction("x"))
    with pytest.raises(TableError, match="no timing of the block 'conv in_channels=3"):
        model.predict([(ONE,)])
    assert model.missing([ONE, Skip(8, 8)]) == [ONE]


def test_agreement_counts_errors() -> None:
    measured = np.array([1.0, 2.0, 3.0, 4.0])
    agreement = Agreement.of(np.array([1.0, 2.08, 3.6, 3.99]), measured)
    assert agreement.networks == 4
    assert agreement.mape == pytest.approx((0 + 4 + 20 + 0.25) / 4)
    assert (agreement.within_5, agreement.within_10) == (0.75, 0.75)
    assert (agreement.tau, agreement.worst) == (1.0, pytest.approx(20))


def test_a_model_survives_its_dictionary() -> None:
    correction = Correction("scale", 0.1, {"scale": 0.9}, {block_key(ONE): 0.02})
    model = LatencyModel(BLOCK_MS, correction, validation(1.0, 2.0), ("network a",), ("network b",))
    stored = json.loads(json.dumps(model.to_dict()))
    assert LatencyModel.from_dict(stored) == model
    with pytest.raises(TableError, match="a latency model cannot be read"):
        LatencyModel.from_dict({"block_ms": {}, "correction": {"skale": 1}})


def validation(error: float, noise: float) -> Validation:
    first, second = (Agreement(2, mape, 1.0, 1.0, 1.0, 2.0) for mape in (error, noise))
    return Validation(first, second, (1.0, 2.0), (1.0, 2.1), (1.1, 2.0), (1.0, 2.2))


def test_a_model_warns_when_it_or_its_measurements_are_poor_or_were_never_checked() -> None:
    def warning(checked: Validation | None) -> str | None:
        return LatencyModel({}, Correction(), checked).warning

    assert warning(validation(1.0, 2.0)) is None
    assert "off by 5.1 % on average (measuring twice: 1.0 %)" in str(warning(validation(5.1, 1.0)))
    assert "hwnas devices check" in str(warning(validation(1.0, 7.0)))
    assert "never checked against whole networks" in str(warning(None))
