import numpy as np
import pytest

from benchmarks import landscapes
from benchmarks.landscapes import CLIMBED, CONSTRUCTED, ENUMERATED, FreeSpace, synthetic


@pytest.mark.parametrize("kind", ["sums", "traps"])
def test_the_best_by_construction_is_the_best_of_all(kind: str) -> None:
    land = synthetic(kind, 6, 3, seed=1)
    every = FreeSpace("all", 6, 3).every
    assert every is not None
    assert land.known == CONSTRUCTED
    assert land.truth(every).max() == pytest.approx(land.best)


@pytest.mark.parametrize("kind", ["pairs", "nk", "plateaus"])
def test_a_long_local_search_finds_the_best_of_a_small_space(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = synthetic(kind, 7, 3, seed=2)
    monkeypatch.setattr(landscapes, "_MOST_ENUMERATED", 1)
    found = synthetic(kind, 7, 3, seed=2)
    assert (truth.known, found.known) == (ENUMERATED, CLIMBED)
    assert found.best == truth.best


def test_the_noise_of_a_network_is_always_the_same() -> None:
    land = synthetic("nk", 10, 3, seed=0)
    rows = land.problem.space.sample(np.random.default_rng(0), 500)
    one, other = land.observed(0.5, 1), land.observed(0.5, 2)
    assert (one(rows) == one(rows)).all()
    assert np.std(one(rows) - land.truth(rows)) == pytest.approx(0.5 * land.deviation, rel=0.2)
    assert (one(rows) != other(rows)).all()


def test_regret_is_a_share_of_the_way_from_the_middle_to_the_best() -> None:
    land = synthetic("pairs", 6, 3, seed=0)
    assert land.regret(land.best) == 0
    assert land.regret(land.middle) == 1
