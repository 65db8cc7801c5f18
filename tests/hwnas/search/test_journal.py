import sqlite3
from pathlib import Path

import pytest

from hwnas.core.errors import RunError
from hwnas.estimators.scores import ScoreInfo
from hwnas.runs.scores import check_scores
from hwnas.search.journal import Journal
from hwnas.search.outcome import Outcome
from hwnas.search.trials import Trials

ONE = [0, 1, 2]
OTHER = [2, 1, 0]


def record(trials: Trials, architecture: list[int], score: float, seconds: float) -> None:
    trials.record_outcome(trials.count, architecture, Outcome(score, seconds))


def replay(trials: Trials, architecture: list[int]) -> float | None:
    known = trials.answer(trials.count, architecture)
    return None if known is None else known.score


def askers(journal: Journal) -> dict[tuple[int, ...], set[str]]:
    asked = journal.asked_by()
    return {
        tuple(row): {name for name, some in asked.items() if some[index]}
        for index, row in enumerate(journal.evaluations()[0].tolist())
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


def filled(path: Path, count: int = 400) -> Path:
    with Journal(path) as journal:
        trials = journal.trials("random")
        for index in range(count):
            record(trials, [index, 1, 2], index / 7, 0.5)
    return path


def test_scores_are_read_back_to_the_last_bit_after_reopening(path: Path) -> None:
    with Journal(path) as journal:
        record(journal.trials("random"), ONE, 1 / 3, 0.25)
    with Journal(path) as journal:
        trials = journal.trials("random")
        assert replay(trials, ONE) == 1 / 3
        assert replay(trials, OTHER) is None
        assert trials.count == 1


def test_evaluations_keep_their_order(path: Path) -> None:
    with Journal(path) as journal:
        trials = journal.trials("random")
        record(trials, OTHER, 2.0, 0.1)
        record(trials, ONE, 1.0, 0.1)
        architectures, scores = journal.evaluations()
    assert architectures.tolist() == [OTHER, ONE]
    assert scores.tolist() == [2.0, 1.0]


def test_a_new_journal_has_no_evaluations(path: Path) -> None:
    with Journal(path) as journal:
        architectures, scores = journal.evaluations()
        assert (len(architectures), len(scores), askers(journal)) == (0, 0, {})


def test_an_evaluation_and_its_trial_are_committed_when_the_call_returns(path: Path) -> None:
    with Journal(path) as journal, Journal(path) as reader:
        record(journal.trials("random"), ONE, 0.5, 0.1)
        assert reader.evaluations()[1].tolist() == [0.5]
        assert askers(reader) == {(0, 1, 2): {"random"}}


def test_an_evaluation_and_its_trial_are_stored_together_or_not_at_all(path: Path) -> None:
    with Journal(path) as journal:
        trials = journal.trials("random")
        # As if another process had written: the second of the two statements fails.
        journal._database.write("INSERT INTO trials VALUES ('random', '', 0, '[9, 9, 9]')")
        with pytest.raises(RunError, match="twice"):
            record(trials, ONE, 0.5, 0.1)
        assert len(journal.evaluations()[1]) == 0
        assert replay(journal.trials("exact"), ONE) is None


def test_an_evaluation_is_recorded_once(path: Path) -> None:
    with Journal(path) as journal:
        trials = journal.trials("random")
        record(trials, ONE, 0.5, 0.1)
        with pytest.raises(RunError, match="twice"):
            record(trials, ONE, 0.7, 0.1)
        assert journal.evaluations()[1].tolist() == [0.5]
        assert trials.count == 1


def test_each_architecture_knows_who_asked_for_it(path: Path) -> None:
    with Journal(path) as journal:
        record(journal.trials("random"), ONE, 0.5, 0.1)
        exact = journal.trials("exact")
        assert replay(exact, ONE) == 0.5
        record(exact, OTHER, 0.6, 0.1)
        assert askers(journal) == {(0, 1, 2): {"random", "exact"}, (2, 1, 0): {"exact"}}


def test_replayed_trials_are_no_new_ones_and_others_are_refused(path: Path) -> None:
    filled(path, count=2)
    with Journal(path) as journal:
        trials = journal.trials("random")
        assert replay(trials, [0, 1, 2]) == 0.0
        with pytest.raises(RunError, match="another search of 'random'"):
            replay(trials, OTHER)
        rows = journal._database.rows("SELECT number, architecture FROM trials")
        assert rows == [(0, "[0, 1, 2]"), (1, "[1, 1, 2]")]


def test_a_journal_whose_last_trial_was_lost_in_a_kill_is_resumed(path: Path) -> None:
    # As versions left it behind that stored an evaluation before its trial.
    filled(path, count=3)
    with Journal(path) as journal:
        journal._database.write("DELETE FROM trials WHERE number = 2")
        trials = journal.trials("random")
        assert [replay(trials, [index, 1, 2]) for index in range(4)] == [0.0, 1 / 7, 2 / 7, None]
        record(trials, [3, 1, 2], 0.5, 0.1)
        assert len(askers(journal)) == 4


def test_what_is_known_already_is_replayed_without_writing(path: Path) -> None:
    filled(path, count=2)
    with Journal(path) as journal, Journal(path) as other:
        trials = journal.trials("random")
        other._database.write("BEGIN IMMEDIATE")  # nothing can be written now
        assert replay(trials, [0, 1, 2]) == 0.0
        other._database.write("ROLLBACK")


def test_a_bound_value_is_kept_and_another_refused(path: Path) -> None:
    with Journal(path) as journal:
        journal.bind("supernet", "abc")
    with Journal(path) as journal:
        journal.bind("supernet", "abc")
        with pytest.raises(
            RunError, match=r"another supernet \(abc, now def\); bring that one back"
        ):
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
    with pytest.raises(RunError, match="row 1 of evaluations has the architecture 'hello'"):
        Journal(path)


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    with Journal(tmp_path / "nowhere" / "run.sqlite") as journal:
        assert len(journal.evaluations()[1]) == 0


def test_searches_of_other_settings_are_kept_apart(path: Path) -> None:
    with Journal(path) as journal:
        record(journal.trials("random", "budget 1"), ONE, 0.5, 0.1)
        record(journal.trials("random", "budget 2"), OTHER, 0.6, 0.1)
        assert askers(journal) == {(0, 1, 2): {"random"}, (2, 1, 0): {"random"}}


def test_a_full_disk_is_one_sentence_and_loses_nothing(path: Path) -> None:
    with Journal(path) as journal:
        # SQLite's own limit on the file's pages raises just what a full disk does.
        pages = journal._database._connection.execute("PRAGMA page_count").fetchone()[0]
        journal._database._connection.execute(f"PRAGMA max_page_count = {pages}")
        trials = journal.trials("random")

        def fill() -> None:
            while True:
                record(trials, [trials.count, 1, 2], 0.5, 0.1)

        with pytest.raises(RunError, match="disk is full; free some space and run the same"):
            fill()
    with Journal(path) as journal:
        written = len(journal.evaluations()[1])
        assert written == len(askers(journal)) == trials.count > 0
        again = journal.trials("random")
        assert all(replay(again, [index, 1, 2]) == 0.5 for index in range(written))
        assert replay(again, [written, 1, 2]) is None
        record(again, [written, 1, 2], 0.5, 0.1)


def test_a_journal_that_another_process_writes_to_says_so(path: Path) -> None:
    with Journal(path) as journal, Journal(path) as other:
        journal._database._connection.execute("PRAGMA busy_timeout = 0")
        other._database._connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(RunError, match="another hwnas is writing to it"):
            record(journal.trials("random"), ONE, 0.5, 0.1)
        other._database._connection.execute("ROLLBACK")


def test_an_evaluation_is_one_transaction_and_reads_nothing(path: Path) -> None:
    with Journal(path) as journal:
        trials = journal.trials("random")
        replay(trials, ONE)
        statements: list[str] = []
        journal._database._connection.set_trace_callback(statements.append)
        assert replay(trials, OTHER) is None
        record(trials, OTHER, 0.5, 0.1)
        journal._database._connection.set_trace_callback(None)
    assert [statement.split()[0] for statement in statements] == [
        "BEGIN",
        "INSERT",
        "INSERT",
        "COMMIT",
    ]


def test_an_accuracy_beyond_100_percent_is_refused_and_another_score_is_not(path: Path) -> None:
    filled(path, count=3)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE evaluations SET score = 250.0 WHERE rowid = 2")
    connection.close()
    with Journal(path) as journal:
        check_scores(journal, ScoreInfo("macs", "MACs", "MACs"))
        with pytest.raises(RunError, match="a score is 250, which is not an accuracy in percent"):
            check_scores(journal, ScoreInfo("supernet", "accuracy"))
