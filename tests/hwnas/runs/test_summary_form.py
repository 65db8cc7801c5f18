"""A summary that a person or a disk has changed is refused by its key."""

import json
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import RunError
from hwnas.runs.summary_form import read_summary

GOOD: dict[str, Any] = {
    "budgets": {"latency": 1.0},
    "test_images": 10,
    "front_digest": "d",
    "model": "m",
    "onnx_max_abs_diff": 1e-6,
    "accuracy": 90.0,
    "weights_from": "scratch",
    "macs": 1,
    "parameters": 1,
    "predicted_ms@other": 2.0,
    "accuracy@other": 80.0,
    "precision@other": "int8",
}


def written(folder: Path, **changed: Any) -> Path:
    path = folder / "summary.json"
    path.write_text(json.dumps(GOOD | changed))
    return path


def test_a_good_one_is_read_with_keys_of_other_versions(tmp_path: Path) -> None:
    assert read_summary(written(tmp_path, later=[1]))["later"] == [1]  # type: ignore[index]
    assert read_summary(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("accuracy", 101.0),
        ("accuracy", "90"),
        ("budgets", {"latency": 0.0}),
        ("measured_ms", -1.0),
        ("test_images", 0),
        ("macs", None),
        ("doubtful", 3),
        ("predicted_ms@other", "fast"),
        ("accuracy@other", 250.0),
        ("precision@other", 8),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_key(
    tmp_path: Path, key: str, value: object
) -> None:
    path = written(tmp_path, **{key: value})
    with pytest.raises(RunError, match=f"summary.json is damaged .*{key}.*'hwnas export"):
        read_summary(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000])
def test_another_document_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "summary.json"
    path.write_text(text)
    with pytest.raises(RunError, match=r"summary\.json is damaged"):
        read_summary(path)
