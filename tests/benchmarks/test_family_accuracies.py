"""The synthetic accuracies that benchmarks of families use."""

import numpy as np

from benchmarks.family_accuracies import SyntheticAccuracies
from hwnas.spaces import SpaceFamily, load_space

FAMILY = load_space("mobilenet_v2", resolution=(96, 224), width=(0.5, 1.0))
assert isinstance(FAMILY, SpaceFamily)
ROWS = FAMILY.sample(np.random.default_rng(0), 40)


def test_more_pixels_and_more_channels_are_more_accurate() -> None:
    rows = ROWS.repeat(4, axis=0)
    rows[:, 0] = np.tile(range(4), len(ROWS))
    true = SyntheticAccuracies(FAMILY, 0, spread=0.0).true(rows).reshape(-1, 2, 2)
    assert (np.diff(true, axis=1) > 0).all()
    assert (np.diff(true, axis=2) > 0).all()


def test_preferences_have_the_spread_that_is_asked_for() -> None:
    rows = FAMILY.sample(np.random.default_rng(1), 1000)
    plain, preferring = (SyntheticAccuracies(FAMILY, 0, spread).true(rows) for spread in (0.0, 2.0))
    assert abs((preferring - plain).std() - 2.0) < 0.2


def test_a_network_is_always_observed_alike_and_with_another_seed_otherwise() -> None:
    accuracies = SyntheticAccuracies(FAMILY, 0)
    observed = accuracies.observed(ROWS)
    assert (accuracies.observed(ROWS[::-1]) == observed[::-1]).all()
    assert (SyntheticAccuracies(FAMILY, 1).observed(ROWS) != observed).all()
    assert abs((observed - accuracies.true(ROWS)).std() - 0.2) < 0.1
