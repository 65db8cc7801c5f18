"""A summary that a person or a disk has changed is refused by its key."""

import json
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import RunError
from hwnas.runs.summary_form import read_summary
from tests.hwnas.report.results import summary_of

ON_OTHER = {"predicted_ms": 2.0, "measured_ms": None, "precision": "int8", "accuracy": 80.0}
GOOD = summary_of({"further": {"other": ON_OTHER}}, {}, budgets={"latency": 1.0})


def written(folder: Path, key: str = "", value: Any = None) -> Path:
    """The good one in a file, a value replaced, by its dotted key."""
    path, content = folder / "summary.json", json.loads(GOOD.to_json())
    *parents, last = key.split(".")
    node = content
    for parent in parents:
        node = node[parent]
    node[last] = value
    path.write_text(json.dumps(content))
    return path


def test_a_good_one_is_read_whatever_a_later_version_adds(tmp_path: Path) -> None:
    assert read_summary(written(tmp_path, "later", [1])) == GOOD
    assert read_summary(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("winner.accuracy", 101.0),
        ("winner.accuracy", "90"),
        ("budgets", {"latency": 0.0}),
        ("winner.measured_ms", -1.0),
        ("test_images", 0),
        ("reference.macs", None),
        ("doubtful", 3),
        ("winner.further.other.predicted_ms", "fast"),
        ("winner.further.other.accuracy", 250.0),
        ("winner.further.other.precision", 8),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_key(
    tmp_path: Path, key: str, value: object
) -> None:
    path = written(tmp_path, key, value)
    with pytest.raises(RunError, match=f"summary.json is damaged .*{key}.*'hwnas export"):
        read_summary(path)


def test_a_key_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text("{}")
    with pytest.raises(RunError, match=r"summary\.json is damaged \(budget_ms is missing\)"):
        read_summary(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000])
def test_another_document_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "summary.json"
    path.write_text(text)
    with pytest.raises(RunError, match=r"summary\.json is damaged"):
        read_summary(path)
