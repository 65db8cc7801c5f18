"""What a run shows of an earlier front is removed or marked when another one is found."""

import json
from pathlib import Path

import pytest

from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, add_training
from tests.hwnas.cli.test_accuracies_of_a_csv import CONFIG, write_csv
from tests.hwnas.search.problems import every_architecture

RUN = "runs/known"


@pytest.fixture
def exported(npu: Path, terminal: Terminal) -> Path:
    """A run that was searched, exported and reported, on imported timings."""
    (npu / "known.yaml").write_text(CONFIG)
    write_csv(npu / "known.csv", every_architecture(load_space("tiny_space.yaml")))
    add_training(npu)
    scratch = ("--set", "export.weights_from=scratch")
    assert terminal("search", "known.yaml", *scratch).code == 0
    for command in ("export", "report"):
        answer = terminal(command, RUN)
        assert answer.code == 0, answer.stderr
    return npu / RUN


def test_another_front_removes_the_report_and_marks_the_winner_until_it_is_found_again(
    exported: Path, terminal: Terminal
) -> None:
    words = ("search", "known.yaml", "--set", "export.weights_from=scratch")
    summary = (exported / "summary.json").read_text()
    same = terminal(*words)
    assert "removed" not in same.stderr
    assert (exported / "report.html").is_file()

    other = terminal(*words, "--budget", "params=100 M")
    assert other.code == 0
    assert "removed report.html and front.svg, out of date by now" in other.stderr
    assert f"{RUN}/export/winner is marked as stale" in other.stderr
    assert not (exported / "report.html").exists()
    assert not (exported / "front.svg").exists()
    mark = exported / "export/winner/STALE.txt"
    assert (
        "the run has been searched again since; 'hwnas export runs/known' exports"
        in mark.read_text()
    )
    assert json.loads((exported / "summary.json").read_text())["stale"] == mark.read_text().strip()

    assert terminal(*words).code == 0
    assert not mark.exists()
    assert (exported / "summary.json").read_text() == summary


def test_an_export_removes_the_report_of_what_was_before(
    exported: Path, terminal: Terminal
) -> None:
    mark = exported / "export/winner/STALE.txt"
    mark.write_text("of an earlier front")
    answer = terminal("export", RUN)
    assert "removed report.html and front.svg, out of date by now" in answer.stderr
    assert not (exported / "report.html").exists()
    assert not mark.exists()
