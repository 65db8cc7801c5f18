import numpy as np
import pytest

from devices.errors import TableError
from latency.blocks import ConvBlock, Skip, block_key
from latency.model import CANDIDATES, Correction, LatencyModel, fit_correction
from latency.validation import Agreement, Validation

ONE, TWO = ConvBlock(3, 8, 3, 2, "relu", 16), ConvBlock(8, 8, 3, 1, "relu", 8)
BLOCK_MS = {block_key(ONE): 2.0, block_key(TWO): 1.0}


def test_a_prediction_is_overhead_and_corrected_blocks() -> None:
    model = LatencyModel(BLOCK_MS, Correction("x", overhead=0.5, scale=0.9, per_block=-0.1))
    assert model.predict([(ONE, TWO, Skip(8, 8))]) == pytest.approx([0.5 + 0.9 * 3 - 0.2])
    assert model.block_value(Skip(8, 8)) == 0


def test_a_block_that_was_not_measured_is_named() -> None:
    model = LatencyModel({}, Correction("x"))
    with pytest.raises(TableError, match="no timing of the block 'conv in_channels=3"):
        model.predict([(ONE,)])
    assert model.missing([ONE, Skip(8, 8)]) == [ONE]


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        (Correction("", 0.0, 0.8, 0.0), "scale"),
        (Correction("", 0.4, 0.8, 0.0), "overhead + scale"),
        (Correction("", 0.4, 0.8, -0.05), "overhead + scale + per block"),
    ],
)
def test_the_fit_finds_what_networks_follow(truth: Correction, expected: str) -> None:
    generator = np.random.default_rng(0)
    sums, counts = generator.uniform(2, 5, 30), generator.integers(8, 16, 30).astype(float)
    fitted = fit_correction(sums, counts, truth.apply(sums, counts))
    np.testing.assert_allclose(fitted.apply(sums, counts), truth.apply(sums, counts), rtol=1e-6)
    assert len(CANDIDATES[fitted.name]) >= len(CANDIDATES[expected])


def test_few_networks_leave_the_sum_as_it_is() -> None:
    few = np.ones(3)
    assert fit_correction(few, few, few) == Correction("sum of blocks")


def test_agreement_counts_errors() -> None:
    measured = np.array([1.0, 2.0, 3.0, 4.0])
    agreement = Agreement.of(np.array([1.0, 2.08, 3.6, 3.99]), measured)
    assert agreement.networks == 4
    assert agreement.mape == pytest.approx((0 + 4 + 20 + 0.25) / 4)
    assert (agreement.within_5, agreement.within_10) == (0.75, 0.75)
    assert (agreement.tau, agreement.worst) == (1.0, pytest.approx(20))


def test_a_model_survives_its_dictionary() -> None:
    agreement = Agreement(2, 1.0, 1.0, 1.0, 1.0, 2.0)
    validation = Validation(agreement, agreement, (1.0, 2.0), (1.0, 2.1))
    model = LatencyModel(BLOCK_MS, Correction("scale", scale=0.9), validation)
    assert LatencyModel.from_dict(model.to_dict(), BLOCK_MS) == model
