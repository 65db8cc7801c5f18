"""The benchmark of early stopping: its file of curves, and searches that are replayed on it."""

from pathlib import Path

import pytest

from benchmarks.early_stopping import Curves, _keep, _kept, _searched
from hwnas.runs.ranking_truth import sample_networks
from hwnas.spaces import load_space

MADE_WITH = {"space": "nas_bench_macro"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Curves of 24 networks that keep their order from the first epoch on."""
    path = tmp_path / "curves.json"
    rows = sample_networks(load_space("nas_bench_macro", resolution=16), 24)
    for number, row in enumerate(rows.tolist()):
        curve = [20.0 + number + 3 * epoch for epoch in range(8)]
        _keep(path, MADE_WITH, {"architecture": row, "curve": curve})
    return path


def test_a_file_of_curves_is_added_to_and_never_of_two_kinds(file: Path) -> None:
    known = _kept(file, MADE_WITH)
    assert _keep(file, MADE_WITH, known[0]) == len(known)
    assert Curves.load(file).curves.shape == (len(known), 8)
    with pytest.raises(SystemExit, match="made otherwise"):
        _kept(file, {"space": "another"})


def test_a_replayed_search_counts_epochs_and_what_it_misses(file: Path) -> None:
    known = Curves.load(file)
    whole = _searched(known, "none", 1)
    assert (whole["share_of_epochs"], whole["regret"], whole["stopped"]) == (1.0, 0.0, 0.0)
    halved = _searched(known, "halving", 1)
    assert halved["share_of_epochs"] < 1
    assert halved["stopped"] > 0
    assert halved["regret"] < 3
