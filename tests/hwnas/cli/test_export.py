"""A network that measures over the budget is no winner."""

from pathlib import Path

import pytest

from hwnas.runs import exporting
from latency.table import Summary
from tests.hwnas.cli.conftest import Terminal


@pytest.fixture
def searched(folder: Path, terminal: Terminal) -> Path:
    for verb in ("profile", "train", "search"):
        assert terminal(verb, "tiny.yaml", "--set", "search.budgets={latency: 1 ms}").code == 0
    return folder


def timings(*milliseconds: float):
    """Stands for a device on which the winner takes these times, one after another."""
    left = list(milliseconds)

    def measure(device, models, schedule, progress=None):
        del device, schedule, progress
        values = {"winner": left.pop(0), "reference": 2.0}
        return {name: Summary(1, 1, *[values[name]] * 4) for name in models}

    return measure


def test_a_winner_over_the_budget_makes_way_for_the_next(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "measure_models", timings(1.02, 0.9))
    answer = terminal("export", "runs/tiny", "--json")
    assert answer.code == 0, answer.stderr
    assert answer.stderr.count("no winner: a network of") == 1
    assert "measures 1.02 ms (exported file), over the budget of 1 ms; trying" in answer.stderr
    summary = answer.document
    assert summary["measured_ms"] == 0.9
    assert [rejected["measured_ms"] for rejected in summary["rejected"]] == [1.02]
    assert summary["predicted_ms"] != summary["rejected"][0]["predicted_ms"]
    assert (searched / "runs/tiny/export/winner/verification.json").is_file()


def test_when_no_network_keeps_the_budget_nothing_is_called_a_winner(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "measure_models", timings(*[1.02] * 20))
    answer = terminal("export", "runs/tiny")
    assert answer.code == 2
    assert "most accurate networks of the front measured within 1 ms" in answer.stderr
    assert not (searched / "runs/tiny/export/winner").exists()
    assert not (searched / "runs/tiny/summary.json").exists()


def test_a_search_that_found_nothing_feasible_cannot_be_exported(
    searched: Path, terminal: Terminal
) -> None:
    config = searched / "runs/tiny/config.yaml"
    config.write_text(config.read_text().replace("1 ms", "0.5 us"))
    answer = terminal("export", "runs/tiny")
    assert answer.code == 2
    assert "found no network within the budgets" in answer.stderr
