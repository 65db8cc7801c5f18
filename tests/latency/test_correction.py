import numpy as np
import pytest

from hwnas.latency.correction import CANDIDATES, FEATURES, Correction, _Fit, fit_correction
from hwnas.latency.model import LatencyModel
from hwnas.networks.blocks import ConvBlock, block_key
from hwnas.spaces import load_space

SPACE = load_space("mobilenet_v3_small", resolution=64, classes=10)
NETWORKS = SPACE.networks(SPACE.sample(np.random.default_rng(0), 30))
BLOCK_MS = {
    block_key(block): milliseconds
    for block, milliseconds in zip(
        SPACE.blocks(), np.random.default_rng(1).uniform(0.5, 2.0, len(SPACE.blocks())), strict=True
    )
}
OWN = dict(zip(BLOCK_MS, np.random.default_rng(2).normal(0, 0.1, len(BLOCK_MS)), strict=True))


@pytest.mark.parametrize(
    ("truth", "name"),
    [
        (Correction("", 0.0, {"scale": 0.8}), "scale"),
        (Correction("", 0.7, {"scale": 0.8}), "overhead + scale"),
        (Correction("", 0.0, {"scale": 1.2, "per_block": -0.05}), "scale + per block"),
        (Correction("", 0.0, {"scale": 1.2, "weights": 0.9}), "scale + weights"),
        (Correction("", 0.0, {"scale": 1.2, "values": -9.0}), "scale + values"),
    ],
)
def test_the_fit_finds_what_networks_follow(truth: Correction, name: str) -> None:
    measured = LatencyModel(BLOCK_MS, truth).predict(NETWORKS)
    noisy = measured * np.random.default_rng(3).normal(1, 1e-3, len(measured))
    fitted = fit_correction(NETWORKS, noisy, BLOCK_MS)
    assert fitted.name == name
    assert fitted.overhead == pytest.approx(truth.overhead, abs=0.1)
    for feature in FEATURES:
        expected = truth.coefficients.get(feature, 0.0)
        assert fitted.coefficients.get(feature, 0.0) == pytest.approx(expected, abs=0.05, rel=0.05)


def test_blocks_that_differ_from_their_own_timing_are_learned_one_by_one() -> None:
    truth = LatencyModel(BLOCK_MS, Correction("", 0.0, {"scale": 1.1}, OWN))
    many = SPACE.networks(SPACE.sample(np.random.default_rng(4), 90))
    fitted = fit_correction(many, truth.predict(many), BLOCK_MS)
    assert fitted.name == "scale, ridge on each block"
    others = SPACE.networks(SPACE.sample(np.random.default_rng(9), 50))
    with_ridge = LatencyModel(BLOCK_MS, fitted).predict(others)
    without = LatencyModel(BLOCK_MS, Correction("", 0.0, {"scale": 1.1})).predict(others)
    actual = truth.predict(others)
    assert np.abs(with_ridge / actual - 1).mean() < 0.8 * np.abs(without / actual - 1).mean()


def test_what_needs_no_correction_gets_none() -> None:
    measured = LatencyModel(BLOCK_MS, Correction()).predict(NETWORKS)
    assert fit_correction(NETWORKS, measured, BLOCK_MS).name == "sum of blocks"


def test_few_networks_leave_the_sum_as_it_is() -> None:
    assert fit_correction(NETWORKS[:3], np.ones(3), BLOCK_MS) == Correction()


def test_a_block_that_no_fitted_network_has_keeps_half_of_its_latency_too() -> None:
    block = ConvBlock(3, 8, 3, 1, "relu", 512)  # of more values than all others together
    ms = {**BLOCK_MS, block_key(block): 1.0}
    truth = Correction("", 0.0, {"scale": 1.2, "values": -9.0})
    measured = LatencyModel(BLOCK_MS, truth).predict(NETWORKS)
    assert fit_correction(NETWORKS, measured, ms).name == "scale + values"
    fitted = fit_correction(NETWORKS, measured, ms, others=[block])
    assert fitted.block_value(block, 1.0) >= 0.5


def test_no_block_takes_less_than_no_time() -> None:
    correction = Correction("", 0.0, {"scale": 1.0, "per_block": -1.0})
    assert correction.block_value(SPACE.blocks()[0], 0.4) == 0.0


def test_every_candidate_is_fitted_on_its_own_terms() -> None:
    from hwnas.latency.correction import _Fit

    truth = Correction("", 0.3, dict(zip(FEATURES, (1.1, 0.01, 0.2, -0.1), strict=True)), OWN)
    measured = LatencyModel(BLOCK_MS, truth).predict(NETWORKS)
    fit = _Fit.of(NETWORKS, measured, BLOCK_MS)
    errors = {name: float(fit.left_out_errors(name).mean()) for name in CANDIDATES}
    assert max(errors, key=lambda name: errors[name]) == "sum of blocks"
    assert all(np.isfinite(list(errors.values())))


def test_a_constant_is_not_told_from_a_cost_a_block_by_networks_of_as_many_blocks() -> None:
    depth = min(len(network) for network in NETWORKS)
    stem, *_, head = NETWORKS[0]
    equal = [(stem, *network[1 : depth - 1], head) for network in NETWORKS]
    measured = LatencyModel(BLOCK_MS, Correction("", 0.7, {"scale": 0.8})).predict(equal)
    collinear = "overhead + scale + per block"
    assert _Fit.of(NETWORKS, measured, BLOCK_MS).determines(collinear)
    fit = _Fit.of(equal, measured, BLOCK_MS)
    assert not fit.determines(collinear)
    assert all(map(fit.determines, {*list(CANDIDATES)[1:]} - {collinear}))
    assert fit_correction(equal, measured, BLOCK_MS).name == "overhead + scale"


def test_what_only_one_network_tells_is_not_learned() -> None:
    depth = min(len(network) for network in NETWORKS)
    stem, *_, head = NETWORKS[0]
    deeper = max(NETWORKS, key=len)
    networks = [deeper, *((stem, *network[1 : depth - 1], head) for network in NETWORKS[1:])]
    measured = LatencyModel(BLOCK_MS, Correction("", 0.7, {"scale": 0.8})).predict(networks)
    assert not _Fit.of(networks, measured, BLOCK_MS).determines("overhead + scale + per block")


def test_columns_that_are_equal_are_fitted_without_a_warning() -> None:
    # Networks of nine blocks each, but for the one that is left out: as the overhead so a block.
    features = np.array([[2.0, 5.0], [5.0, 7.0], [9.0, 9.0], [9.0, 1.0]]) / 9
    rows = np.array([True, True, True, False])
    inverse = features[:, 1].copy()
    wide = np.hstack([features, np.zeros((4, 2))])
    fit = _Fit(wide, np.zeros((4, 0)), inverse, ())
    overhead, coefficients, _ = fit.solve("overhead + scale + per block", rows)
    # A scale below 0 would fit best: at 0 what is left is one column, whose best is known.
    column = features[:3, 1]
    assert coefficients[0] == 0.0
    assert overhead + coefficients[1] == pytest.approx(column.sum() / (column @ column))
