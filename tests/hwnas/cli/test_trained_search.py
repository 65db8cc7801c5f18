"""Searches whose candidates are really trained, by the commands."""

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.hwnas.cli.conftest import Terminal, assert_no_run

CONFIG = """
space: tiny_space.yaml
data: {source: digits, limit: 70}
accuracy:
  estimator: trained
  epochs: 3
  stop: {rule: curve, after: 10, every: 4, chance: 0.9}
device: npu.yaml
table: table.sqlite
train: {epochs: 1, batch_size: 16, learning_rate: 0.1, flip: false, crop_padding: 1}
search: {budgets: {latency: 1 s}, evaluations: 16, searchers: [random]}
fine_tune: {epochs: 1, batch_size: 16, learning_rate: 0.05, flip: false, crop_padding: 1}
"""
SEARCH = ("search", "known.yaml", "--json")
SHORT = ("--set", "accuracy.epochs=1", "--set", "accuracy.stop=null", "--set")


@pytest.fixture
def known(npu: Path) -> Path:
    """The working folder with `known.yaml`."""
    (npu / "known.yaml").write_text(CONFIG)
    return npu


def rows(run: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(run / "run.sqlite") as database:
        return database.execute(query).fetchall()


def test_a_search_trains_its_candidates_and_stops_some_of_them(
    known: Path, terminal: Terminal
) -> None:
    answer = terminal(*SEARCH)
    assert answer.code == 0, answer.stderr
    run = known / "runs/known"
    measured = dict(rows(run, "SELECT architecture, score FROM evaluations"))
    stopped = dict(rows(run, "SELECT architecture, predicted FROM unfinished"))
    curves: dict[str, list[float]] = {}
    for text, value in rows(run, "SELECT architecture, accuracy FROM curves ORDER BY epoch"):
        curves.setdefault(text, []).append(value)
    assert 12 <= len(measured) < 16
    assert len(measured) + len(stopped) == 16
    assert all(
        curves[text][-1] == score and len(curves[text]) == 3 for text, score in measured.items()
    )
    assert all(len(curves[text]) < 3 for text in stopped)
    # Nothing that was predicted is on the front.
    with (run / "front.csv").open() as file:
        front = list(csv.DictReader(file))
    for row in front:
        text = str([int(choice) for choice in row["architecture"].split()])
        assert float(row["validation_accuracy"]) == pytest.approx(measured[text], rel=1e-5)
    epochs = sum(map(len, curves.values()))
    assert answer.document["candidates"] == {
        "trained": len(measured),
        "stopped": len(stopped),
        "failed": 0,
        "epochs": epochs,
        "saved": 3 * 16 - epochs,
    }
    assert "up to 16 networks are trained, each for 3 epochs, but for those" in answer.stderr
    said = f"{len(measured)} candidates trained, {len(stopped)} stopped early (predicted): {epochs}"
    assert said in answer.stderr
    assert not (run / "candidates").exists()
    # Run again, nothing is trained; the page says what was.
    assert terminal(*SEARCH).document == answer.document
    assert terminal("report", "runs/known").code == 0
    assert said in (run / "report.html").read_text()


def test_a_killed_search_goes_on_and_ends_as_without_the_kill(
    known: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hwnas.estimators.candidates import staged

    whole = terminal(*SEARCH, "--run", "runs/whole").document["front"]
    train, trained = staged.train_network, []

    def interrupted(*given: Any, **named: Any) -> bool:
        trained.append(given)
        if len(trained) in (4, 14):
            raise KeyboardInterrupt
        return train(*given, **named)

    monkeypatch.setattr(staged, "train_network", interrupted)
    assert terminal(*SEARCH).code == 130
    left = known / "runs/known/candidates/of_a_worker_that_was_ended.safetensors"
    left.parent.mkdir(exist_ok=True)
    left.touch()
    assert terminal(*SEARCH).code == 130
    assert terminal(*SEARCH).document["front"] == whole
    assert len(trained) == 16 + 2
    assert not (known / "runs/known/candidates").exists()


def test_the_winner_of_such_a_search_is_trained_and_exported(
    known: Path, terminal: Terminal, little: object
) -> None:
    del little
    few = (
        "--set",
        "search.evaluations=2",
        "--set",
        "accuracy.epochs=1",
        "--set",
        "accuracy.stop=null",
        "--set",
        "tracker=tensorboard",
    )
    assert terminal(*SEARCH, *few).code == 0
    shown = known / "runs/known/tensorboard"
    assert len(list((shown / "candidates").iterdir())) == 2
    assert len(list((shown / "search").iterdir())) == 1
    answer = terminal("export", "runs/known", "--json")
    assert answer.code == 0, answer.stderr
    assert answer.document["winner"]["weights_from"] == "scratch"
    config = json.loads((known / "runs/known/export/winner/config.json").read_text())
    assert config["training"]["epochs"] == 2  # of train and fine_tune: a whole training


def test_a_diverging_candidate_is_a_failure_and_the_search_goes_on(
    known: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hwnas.core.errors import DivergenceError
    from hwnas.estimators.candidates import staged

    train, trained = staged.train_network, []

    def second_fails(*given: Any, **named: Any) -> bool:
        trained.append(given)
        if len(trained) == 2:
            raise DivergenceError("the loss is nan at step 3")
        return train(*given, **named)

    monkeypatch.setattr(staged, "train_network", second_fails)
    few = (
        "--set",
        "search.evaluations=4",
        "--set",
        "accuracy.epochs=1",
        "--set",
        "accuracy.stop=null",
    )
    answer = terminal(*SEARCH, *few)
    assert answer.code == 0, answer.stderr
    assert answer.document["candidates"]["failed"] == 1
    assert answer.document["evaluations"] == 3
    failed = rows(known / "runs/known", "SELECT predicted, reason FROM unfinished")
    assert failed == [(None, "the loss is nan at step 3")]


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("accuracy.stop={rule: asha}", "'accuracy.stop.rule' is 'asha', but"),
        ("accuracy.stop={rule: halving, chance: 0.1}", "chance is for rule: curve; leave it"),
        ("accuracy.stop={rule: curve, reduction: 4}", "reduction is for rule: halving; leave it"),
        ("accuracy.stop={rule: curve, after: 3}", "'accuracy.stop.after' is 3, but"),
        ("accuracy.stop={rule: curve, least_epochs: 3}", "no training ends before epoch 3 and"),
        ("accuracy.epochs=0", "'accuracy.epochs' is 0, but"),
        ("accuracy.estimator=macs", "estimator: macs trains no network for its score; leave out"),
        ("from_ofa=ofa.pth", "from_ofa: the weights are for a supernet, and accuracy.estimator"),
    ],
)
def test_what_is_wrong_leaves_no_run_behind(
    known: Path, terminal: Terminal, key: str, sentence: str
) -> None:
    assert_no_run(terminal, known, ("--set", key), sentence)


def test_other_epochs_or_another_rule_need_another_run_folder(
    known: Path, terminal: Terminal
) -> None:
    assert known
    few = ("--set", "search.evaluations=1")
    assert terminal(*SEARCH, *few).code == 0
    for key, sentence in (
        ("accuracy.epochs=4", "accuracy.epochs is 3 there and 4 here"),
        ("accuracy.stop.every=5", "accuracy.stop.every is 4 there and 5 here"),
    ):
        answer = terminal(*SEARCH, *few, "--set", key)
        assert answer.code == 2
        assert sentence in answer.stderr
