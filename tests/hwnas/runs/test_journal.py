import sqlite3
from pathlib import Path

import numpy as np
import pytest

from devices.errors import RunError
from hwnas.runs.journal import Journal

ONE = np.array([0, 1, 2])
OTHER = np.array([2, 1, 0])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


def filled(path: Path, count: int = 400) -> Path:
    with Journal(path) as journal:
        for index in range(count):
            journal.record(np.array([index, 1, 2]), index / 7, 0.5)
            journal.record_trial("random", index, np.array([index, 1, 2]))
    return path


def test_scores_are_read_back_to_the_last_bit_after_reopening(path: Path) -> None:
    with Journal(path) as journal:
        journal.record(ONE, 1 / 3, 0.25)
    with Journal(path) as journal:
        assert journal.score(ONE) == 1 / 3
        assert journal.score(OTHER) is None


def test_evaluations_keep_their_order(path: Path) -> None:
    with Journal(path) as journal:
        journal.record(OTHER, 2.0, 0.1)
        journal.record(ONE, 1.0, 0.1)
        architectures, scores = journal.evaluations()
    assert architectures.tolist() == [OTHER.tolist(), ONE.tolist()]
    assert scores.tolist() == [2.0, 1.0]


def test_a_new_journal_has_no_evaluations(path: Path) -> None:
    with Journal(path) as journal:
        architectures, scores = journal.evaluations()
        assert (len(architectures), len(scores), journal.searchers_of()) == (0, 0, {})


def test_a_record_is_committed_when_its_call_returns(path: Path) -> None:
    with Journal(path) as journal, Journal(path) as reader:
        journal.record(ONE, 0.5, 0.1)
        assert reader.score(ONE) == 0.5


def test_an_evaluation_is_recorded_once(path: Path) -> None:
    with Journal(path) as journal:
        journal.record(ONE, 0.5, 0.1)
        with pytest.raises(RunError, match="twice"):
            journal.record(ONE, 0.7, 0.1)
        assert journal.score(ONE) == 0.5


def test_each_architecture_knows_who_asked_for_it(path: Path) -> None:
    with Journal(path) as journal:
        journal.record_trial("random", 0, ONE)
        journal.record_trial("exact", 0, ONE)
        journal.record_trial("exact", 1, OTHER)
        assert journal.searchers_of() == {(0, 1, 2): {"random", "exact"}, (2, 1, 0): {"exact"}}


def test_replayed_trials_are_no_new_ones_and_others_are_refused(path: Path) -> None:
    with Journal(path) as journal:
        journal.record_trial("random", 0, ONE)
        journal.record_trial("random", 0, ONE)
        with pytest.raises(RunError, match="another search of 'random'"):
            journal.record_trial("random", 0, OTHER)


def test_a_bound_value_is_kept_and_another_refused(path: Path) -> None:
    with Journal(path) as journal:
        journal.bind("supernet", "abc")
    with Journal(path) as journal:
        journal.bind("supernet", "abc")
        with pytest.raises(RunError, match="supernet abc, now it is def"):
            journal.bind("supernet", "def")


@pytest.mark.parametrize("content", [b"a text", b"a longer text\n" * 1000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"run\.sqlite is damaged or no journal"):
        Journal(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE photos (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(RunError, match="no journal of hwnas"):
        Journal(path)
    assert path.read_bytes() == before


def test_a_file_with_overwritten_pages_is_refused(path: Path) -> None:
    content = bytearray(filled(path).read_bytes())
    content[4096 : len(content) // 2] = b"\x5a" * (len(content) // 2 - 4096)
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"run\.sqlite is damaged"):
        Journal(path)


def test_a_truncated_file_is_refused(path: Path) -> None:
    content = filled(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(RunError, match=r"run\.sqlite is damaged"):
        Journal(path)


def test_a_row_that_is_no_architecture_is_refused(path: Path) -> None:
    filled(path, count=1)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE evaluations SET architecture = 'hello'")
    connection.commit()
    connection.close()
    with Journal(path) as journal, pytest.raises(RunError, match="'hello' is no architecture"):
        journal.evaluations()


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    with Journal(tmp_path / "nowhere" / "run.sqlite") as journal:
        assert len(journal.evaluations()[1]) == 0


def test_searches_of_other_settings_are_kept_apart(path: Path) -> None:
    with Journal(path) as journal:
        journal.record_trial("random", 0, ONE, "budget 1")
        journal.record_trial("random", 0, OTHER, "budget 2")
        assert journal.searchers_of() == {(0, 1, 2): {"random"}, (2, 1, 0): {"random"}}


def test_a_full_disk_is_one_sentence_and_loses_nothing(path: Path) -> None:
    with Journal(path) as journal:
        # SQLite's own limit on the file's pages raises just what a full disk does.
        pages = journal._database._connection.execute("PRAGMA page_count").fetchone()[0]
        journal._database._connection.execute(f"PRAGMA max_page_count = {pages}")
        written = 0

        def fill() -> None:
            nonlocal written
            while True:
                journal.record(np.array([written, 1, 2]), 0.5, 0.1)
                written += 1

        with pytest.raises(RunError, match="disk is full; free some space and run the same"):
            fill()
    with Journal(path) as journal:
        assert len(journal.evaluations()[1]) == written > 0
        journal.record(np.array([written, 1, 2]), 0.5, 0.1)


def test_a_journal_that_another_process_writes_to_says_so(path: Path) -> None:
    with Journal(path) as journal, Journal(path) as other:
        journal._database._connection.execute("PRAGMA busy_timeout = 0")
        other._database._connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(RunError, match="another hwnas is writing to it"):
            journal.record(ONE, 0.5, 0.1)
        other._database._connection.execute("ROLLBACK")
