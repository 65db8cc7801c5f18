"""`accuracy.estimator: mixed` from the config to the front, and in a ranking."""

import json
from pathlib import Path

import numpy as np
import pytest

from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.search.problems import every_architecture, synthetic_score

CONFIG = """
space: tiny_space.yaml
accuracy: {estimator: mixed, parts: {synflow: 2, params: 1}}
data: {source: digits, limit: 200}
train: {epochs: 1}
fine_tune: {epochs: 1}
device: npu.yaml
table: table.sqlite
search: {budgets: {latency: 1 s}, evaluations: 8, searchers: [random]}
"""


@pytest.fixture
def mixed(npu: Path) -> Path:
    """The working folder with `mixed.yaml`, and accuracies in `known.csv`."""
    (npu / "mixed.yaml").write_text(CONFIG)
    rows = every_architecture(load_space("tiny_space.yaml"))[::20]
    pairs = zip(rows.tolist(), 50 + 2 * synthetic_score(rows), strict=True)
    lines = [f"{' '.join(map(str, row))},{score:.3f}" for row, score in pairs]
    (npu / "known.csv").write_text("\n".join(["architecture,accuracy", *lines, ""]))
    return npu


def test_the_sample_is_judged_then_networks_are_searched_and_ranked(
    mixed: Path, terminal: Terminal
) -> None:
    refused = terminal("search", "mixed.yaml")
    assert refused.code == 2
    assert "has no mixed.json; run 'hwnas train --estimator mixed'" in refused.stderr
    answer = terminal("train", "mixed.yaml")
    assert answer.code == 0, answer.stderr
    assert "judging networks to compare with" in answer.stderr
    assert "next: hwnas search mixed.yaml" in answer.stderr
    content = json.loads((mixed / "runs/mixed/mixed.json").read_text())
    assert set(content["parts"]) == {"synflow", "params"}
    found = terminal("search", "mixed.yaml", "--json").document
    assert found["accuracy"]["estimator"] == "mixed", found
    assert found["accuracy"]["unit"] == "standard deviations"
    assert all(np.isfinite(one["score"]) for one in found["front"])
    words = ("--truth", "known.csv", "--networks", "10", "--seeds", "2", "--json")
    ranked = terminal("rank", "mixed.yaml", "--estimator", "mixed", *words)
    assert ranked.code == 0, ranked.stderr
    assert set(ranked.document["estimators"]) == {"mixed", "macs"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--set accuracy.parts.bn=1", "bn cannot be a part of mixed"),
        ("--set accuracy.parts.synflow=0", "'accuracy.parts.synflow' is 0"),
        ("--set accuracy.parts.oracle=1", "there is no estimator 'oracle'"),
        ("--set accuracy.stop.rule=curve", "trains no network that may be stopped"),
    ],
)
def test_wrong_parts_are_one_sentence(
    mixed: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, mixed, f"train mixed.yaml {words}", sentence)


def test_other_parts_need_another_run(mixed: Path, terminal: Terminal) -> None:
    assert terminal("train", "mixed.yaml").code == 0
    words = "train mixed.yaml --set accuracy.parts.synflow=3"
    assert_refused(terminal, mixed, words, "accuracy.parts")
