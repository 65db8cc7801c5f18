import numpy as np
import pytest

from hwnas.search.searchers.novelty import jaccard, novelty
from tests.hwnas.search.problems import every_architecture, macro


def pairs_of(row: np.ndarray) -> set[tuple[int, int]]:
    return set(enumerate(row.tolist()))


def test_distances_are_jaccards_of_slots_and_choices() -> None:
    rows = every_architecture(macro())[::311]
    expected = [
        [1 - len(pairs_of(a) & pairs_of(b)) / len(pairs_of(a) | pairs_of(b)) for b in rows]
        for a in rows
    ]
    assert jaccard(rows, rows) == pytest.approx(np.array(expected))


def test_novelty_is_the_mean_distance_from_the_nearest_others() -> None:
    rows = every_architecture(macro())[::97]
    distances = np.sort(jaccard(rows, rows), axis=1)
    assert novelty(rows, rows, 3) == pytest.approx(distances[:, 1:4].mean(axis=1))
    assert novelty(rows[:2], rows[2:], 1) == pytest.approx(jaccard(rows[:2], rows[2:]).min(axis=1))


def test_few_others_are_all_neighbours_and_without_any_all_is_new() -> None:
    rows = every_architecture(macro())[:3]
    assert novelty(rows[:1], rows, 5) == pytest.approx(jaccard(rows[:1], rows[1:]).mean())
    assert novelty(rows[:1], rows[:1], 5).tolist() == [1.0]
    assert novelty(rows[:1], rows[:0], 5).tolist() == [1.0]


def test_of_a_long_history_all_times_count(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = every_architecture(macro())
    monkeypatch.setattr("hwnas.search.searchers.novelty._OTHERS", 100)
    thinned = rows[np.linspace(0, len(rows) - 1, 100).round().astype(np.int64)]
    assert novelty(rows[:500], rows, 3) == pytest.approx(novelty(rows[:500], thinned, 3))
