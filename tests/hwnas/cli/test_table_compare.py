"""`hwnas table diff`, `merge` and `validate`, typed."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from hwnas.cli.table_diff import diff_tables
from hwnas.cli.table_merge import merge_tables
from hwnas.cli.table_validate import validate_table
from hwnas.latency.correction import Correction
from hwnas.latency.table import LatencyTable
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.latency.test_compare import FINGERPRINT, KEYS, timed
from tests.latency.test_profile import SPACE
from tests.latency.test_revalidate import KNOWN_MS, device_of_speed, known_table


@pytest.fixture(autouse=True)
def three_commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three commands alone, in the folder of a few tables."""
    app = typer.Typer()
    app.command("diff")(diff_tables)
    app.command("merge")(merge_tables)
    app.command("validate")(validate_table)
    monkeypatch.setattr(sys.modules["hwnas.cli.main"], "app", app)
    timed(folder / "a.sqlite", {KEYS[0]: 1.0, KEYS[1]: 2.0})
    timed(folder / "b.sqlite", {KEYS[1]: 2.2, KEYS[2]: 3.0})
    threads = replace(FINGERPRINT, threads=2, batch=4)
    timed(folder / "two_threads.sqlite", {KEYS[0]: 0.5}, fingerprint=threads)
    imported = replace(FINGERPRINT, machine="imported")
    timed(folder / "imported.sqlite", {KEYS[0]: 1.0}, fingerprint=imported)
    (folder / "empty.sqlite").touch()


def test_diff_shows_figures_and_the_most_different_blocks(terminal: Terminal) -> None:
    answer = terminal("diff", "a.sqlite", "b.sqlite")
    assert answer.code == 0
    assert "the 1 most different blocks" in answer.stdout
    assert "+10.00 %" in answer.stdout
    assert "the tables are of different devices" not in answer.stdout


def test_diff_names_every_field_in_which_two_devices_differ(terminal: Terminal) -> None:
    answer = terminal("diff", "a.sqlite", "two_threads.sqlite")
    assert answer.code == 0
    assert "the tables are of different devices" in answer.stdout
    assert "threads: 1 in a.sqlite, 2 in two_threads.sqlite" in answer.stdout
    assert "batch: 1 in a.sqlite, 4 in two_threads.sqlite" in answer.stdout
    assert "-50.00 %" in answer.stdout


def test_diff_as_json_has_every_block(terminal: Terminal) -> None:
    document = terminal("diff", "a.sqlite", "b.sqlite", "--json").document
    assert document["one_device"] is True
    assert document["blocks"]["common"] == 1
    assert document["blocks"]["graphs"][0]["key"] == KEYS[1]
    assert document["blocks"]["only_a"] == {KEYS[0]: 1.0}
    assert document["networks"]["median_difference"] is None


def test_merge_says_what_the_new_table_holds(folder: Path, terminal: Terminal) -> None:
    known_table(folder / "known.sqlite")
    answer = terminal("merge", "known.sqlite", "a.sqlite", "b.sqlite", "--into", "c.sqlite")
    assert answer.code == 0, answer.stderr
    blocks = len(SPACE.blocks()) + 3
    assert f"c.sqlite: {blocks} blocks and 12 networks in 62 visits" in answer.stdout
    assert "unseen networks" in answer.stdout
    document = terminal("merge", "a.sqlite", "b.sqlite", "--into", "d.sqlite", "--json").document
    assert (document["blocks"], document["networks"], document["visits"]) == (3, 0, 4)
    assert document["models"] == {}
    with LatencyTable.existing(folder / "d.sqlite") as merged:
        assert set(merged.blocks()) == set(KEYS)


@pytest.mark.parametrize(("factor", "code"), [(1.0, 0), (2.0, 1)])
def test_validate_ends_with_1_when_the_table_no_longer_holds(
    folder: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, factor: float, code: int
) -> None:
    known_table(folder / "known.sqlite")
    with LatencyTable(folder / "known.sqlite") as table:
        model = table.models()["macro"]
        # Predictions are exact: there is nothing but the device's speed to judge.
        exact, checks = Correction("x", 700.0, {}), model.check_networks[:2]
        table.save_model("macro", replace(model, correction=exact, check_networks=checks))
    known = {key: min(ms, 700.0) * factor for key, ms in KNOWN_MS.items()}
    device_of_speed(monkeypatch, known.__getitem__, FINGERPRINT)
    answer = terminal("validate", "known.sqlite")
    assert answer.code == code, answer.stderr
    assert "2 networks and 17 blocks: stored, and measured now" in answer.stdout
    assert "0.5000 ms when the table was measured, 0.6000 ms now" in answer.stdout
    assert "20.0 % slower" in answer.stdout
    assert f"the table {'no longer' if code else 'still'} holds" in answer.stdout
    assert "measuring on local_cpu: " in answer.stderr
    answer = terminal("validate", "known.sqlite", "--json", "--networks", "2", "--blocks", "3")
    assert answer.code == code
    assert answer.document["holds"] is (code == 0)
    assert answer.document["agreement"]["blocks"]["networks"] == 3
    assert len(answer.document["predictions"]["macro"]) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("diff a.sqlite nothing.sqlite", "there is no latency table nothing.sqlite"),
        ("diff a.sqlite tiny.yaml", "tiny.yaml is damaged or no latency table"),
        ("merge a.sqlite --into c.sqlite", "merging needs two tables or more, not only a.sqlite"),
        ("merge a.sqlite b.sqlite --into a.sqlite", "a.sqlite is there already"),
        ("merge a.sqlite b.sqlite --into .", ". is there already"),
        ("merge a.sqlite b.sqlite --into a.sqlite/c", "cannot write a.sqlite/c"),
        ("merge a.sqlite empty.sqlite --into c.sqlite", "no latency table empty.sqlite"),
        (
            "merge a.sqlite two_threads.sqlite --into c.sqlite",
            "threads is 1 in a.sqlite and 2 in two_threads.sqlite",
        ),
        ("validate nothing.sqlite", "there is no latency table nothing.sqlite"),
        ("validate a.sqlite", "holds no latency model to validate"),
        ("validate imported.sqlite", "were imported"),
        ("validate a.sqlite --device phone", "there is no device named 'phone'"),
    ],
)
def test_wrong_input_is_one_sentence_and_leaves_nothing(
    folder: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, folder, words, sentence)
