"""The costs that a predictor sees."""

import numpy as np
import pytest

from hwnas.estimators.space_features import SpaceCosts
from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.networks.blocks import block_key
from hwnas.objectives.costs import MACS, PARAMETERS, block_macs
from hwnas.spaces import load_space

SPACE = load_space("nas_bench_macro")


def model(milliseconds_a_mac: float, overhead: float = 0.5) -> LatencyModel:
    blocks = {block_key(one): milliseconds_a_mac * block_macs(one) for one in SPACE.blocks()}
    return LatencyModel(blocks, Correction("any", overhead, {"scale": 1.0}))


def test_costs_are_macs_and_parameters_and_with_a_latency_model_latencies() -> None:
    rows, latency = SPACE.sample(np.random.default_rng(0), 10), model(1e-6)
    networks = SPACE.networks(rows)
    known = [each.evaluate(networks) for each in (MACS, PARAMETERS)]
    assert SpaceCosts(SPACE)(rows) == pytest.approx(np.column_stack(known))
    every = np.column_stack([*known, latency.predict(networks)])
    assert SpaceCosts(SPACE, latency)(rows) == pytest.approx(every)


def test_latencies_below_0_have_a_logarithm() -> None:
    rows = SPACE.sample(np.random.default_rng(0), 10)
    assert (SpaceCosts(SPACE, model(1e-6, overhead=-1000.0))(rows) > 0).all()


def test_other_latencies_are_other_costs() -> None:
    same, other = (SpaceCosts(SPACE, model(one)).identity for one in (1e-6, 2e-6))
    assert SpaceCosts(SPACE, model(1e-6)).identity == same
    assert len({same, other, SpaceCosts(SPACE).identity}) == 3
