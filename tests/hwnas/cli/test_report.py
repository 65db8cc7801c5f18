"""`hwnas report` of several runs, which share a table and a supernet here."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, imported
from tests.hwnas.cli.test_accuracies_of_a_csv import CONFIG as KNOWN
from tests.hwnas.cli.test_accuracies_of_a_csv import write_csv
from tests.hwnas.search.problems import every_architecture

RUNS = ("runs/tiny", "runs/other")


def searched_twice(folder: Path, terminal: Terminal) -> None:
    """Searches a trained run and, in a copy of it, otherwise."""
    shutil.copytree(folder / RUNS[0], folder / RUNS[1])
    assert terminal("search", "tiny.yaml").code == 0
    other = ("--set", "search.searchers=[random]", "--set", "search.seed=1")
    assert terminal("search", "tiny.yaml", "--run", RUNS[1], *other).code == 0


def test_several_runs_are_compared_in_a_table_and_a_picture(
    trained: Path, terminal: Terminal
) -> None:
    folder = trained
    searched_twice(folder, terminal)
    shown = terminal("report", *RUNS)
    assert shown.code == 0, shown.stderr
    assert "best within the smallest (%)" in shown.stdout
    assert "the smallest budgets: latency ≤ 1,000 ms\npicture: comparison.svg" in shown.stdout
    document = terminal("report", *RUNS, "--json").document
    tiny, other = document["runs"]
    assert (tiny["run"], other["run"]) == RUNS
    assert (len(tiny["searchers"]), other["searchers"]) == (4, ["random"])
    assert tiny["budgets"] == {"latency": {"bound": 1000.0, "unit": "ms"}}
    assert tiny["accuracy"] == tiny["accuracy_within_smallest_budgets"]
    shares = [run["share_of_joined_front"] for run in document["runs"]]
    assert max(shares) > 0
    assert sum(shares) >= 1
    assert all(0 <= run["hypervolume"] <= document["hypervolume"] for run in document["runs"])
    assert document["compared_across"] == []
    assert not any((folder / run / "report.html").exists() for run in RUNS)

    # The picture is replaced, and no other file is.
    before = (folder / "comparison.svg").read_bytes()
    (folder / "mine.svg").write_text("<svg></svg>")
    refused = terminal("report", *RUNS, "--out", "mine.svg")
    assert (refused.code, "mine.svg exists and is not a comparison" in refused.stderr) == (2, True)
    assert (folder / "mine.svg").read_text() == "<svg></svg>"
    assert terminal("report", RUNS[0]).code == 0
    refused = terminal("report", *RUNS, "--out", f"{RUNS[0]}/front.svg")
    assert (refused.code, "not a comparison that hwnas made" in refused.stderr) == (2, True)
    assert terminal("report", *RUNS, "--out", "pictures/new.svg").code == 0
    assert (folder / "pictures/new.svg").read_bytes() == before

    with sqlite3.connect(folder / RUNS[1] / "run.sqlite") as connection:
        connection.execute("UPDATE meta SET value = '0123' WHERE key = 'images'")
    connection.close()
    (folder / "comparison.svg").unlink()
    refused = terminal("report", *RUNS)
    assert (refused.code, refused.stdout) == (2, "")
    assert "runs/other cannot be compared with runs/tiny: images is 'digits (" in refused.stderr
    assert not (folder / "comparison.svg").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("runs/a --out tiny.yaml", "tiny.yaml is a file; name a folder for the page of one run"),
        ("runs/a runs/b --out all.png", "name it like all.svg with --out"),
        ("runs/a runs/b --out .", ". is a folder; name a file with --out, as in comparison.svg"),
        ("runs/a runs/b", "runs/a is not a run folder"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    folder: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    before = sorted(folder.rglob("*"))
    answer = terminal("report", *words.split())
    assert (answer.code, answer.stdout, answer.stderr.count("\n")) == (2, "", 1)
    assert sentence in answer.stderr
    assert sorted(folder.rglob("*")) == before


def test_a_run_is_not_compared_with_itself(folder: Path, terminal: Terminal) -> None:
    (folder / "runs/a").mkdir(parents=True)
    answer = terminal("report", "runs/a", "./runs/a/")
    assert (answer.code, "runs/a is named twice" in answer.stderr) == (2, True)


def test_runs_of_two_devices_are_compared_and_that_is_said(npu: Path, terminal: Terminal) -> None:
    (npu / "known.yaml").write_text(KNOWN)
    write_csv(npu / "known.csv", every_architecture(load_space("tiny_space.yaml")))
    imported(npu, "phone", "phone.sqlite", scale=7.0)
    assert terminal("search", "known.yaml").code == 0
    other = ("--device", "phone.yaml", "--table", "phone.sqlite", "--run", "runs/phone")
    assert terminal("search", "known.yaml", *other).code == 0
    answer = terminal("report", "runs/known", "runs/phone")
    assert answer.code == 0, answer.stderr
    assert "note: latencies are compared across devices (cpu npu and phone): each" in answer.stderr
    assert "│ device" in answer.stdout
    document = terminal("report", "runs/known", "runs/phone", "--json").document
    assert [run["device"] for run in document["runs"]] == ["npu, fp32", "phone, fp32"]
    assert document["compared_across"] == ["devices"]
    assert [run["exported"] for run in document["runs"]] == [None, None]
