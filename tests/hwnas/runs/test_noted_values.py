"""Values of choices in a journal."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import RunError
from hwnas.estimators.loading import load_estimator
from hwnas.runs.noted_values import note_learnt, note_values, noted_learnt, noted_values
from hwnas.search.journal import Journal
from hwnas.search.policies.history import ValueHistory
from tests.hwnas.search.problems import macro

SPACE = macro()
HISTORY = (
    ValueHistory.empty(24)
    .added(3, [np.linspace(-1, 1 / 3, 3)] * 8)
    .added(7, [np.linspace(-1e-9, 1e9, 3)] * 8)
)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    scores = replace(load_estimator("macs", SPACE), value_history=HISTORY)
    assert scores.effects is not None
    with Journal(tmp_path / "run.sqlite") as journal:
        assert noted_values(journal, SPACE) is None
        assert noted_learnt(journal, "mcts", "s", SPACE) is None
        note_values(journal, scores)
        note_learnt(journal, "mcts", "s", HISTORY)
        assert journal.bindings() == {}  # scores are bound to nothing by it
        found = noted_values(journal, SPACE)
        assert found is not None
        effects, history = found
        assert [one.tolist() for one in effects.values] == [
            one.tolist() for one in scores.effects.values
        ]
        assert noted_learnt(journal, "mcts", "other", SPACE) is None
        for read in (history, noted_learnt(journal, "mcts", "s", SPACE)):
            assert read is not None
            assert read.moments.tolist() == [3, 7]
            assert read.values == pytest.approx(HISTORY.values, rel=1e-6)


def test_of_a_score_that_is_no_sum_nothing_is_kept(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        note_values(journal, load_estimator("synflow", SPACE))
        assert noted_values(journal, SPACE) is None


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"over": "", "values": [[1]]},
        {"over": "slots", "values": []},
        {"over": "", "values": [["x"] * 3] * 8},
        {"over": "", "values": [[1.0, 2.0, float("inf")]] * 8},
        {"over": "", "values": [[1.0] * 3] * 8, "history": {"moments": [1], "values": [[1]]}},
    ],
)
def test_damaged_values_are_refused(tmp_path: Path, document: object) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        journal.note("values", json.dumps(document))
        with pytest.raises(RunError, match="its values of choices are not one finite number"):
            noted_values(journal, SPACE)


@pytest.mark.parametrize(
    "document",
    [
        None,
        {"moments": [1, 2], "values": [[1.0] * 24]},
        {"moments": [0], "values": [[1.0] * 24]},
        {"moments": [2, 1], "values": [[1.0] * 24] * 2},
        {"moments": [1], "values": [[1e39] * 24]},
        {"moments": [2**70], "values": [[1.0] * 24]},
    ],
)
def test_a_damaged_history_is_refused(tmp_path: Path, document: object) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        journal.note("learnt mcts s", json.dumps(document))
        with pytest.raises(RunError, match="its values of choices are not one finite number"):
            noted_learnt(journal, "mcts", "s", SPACE)
