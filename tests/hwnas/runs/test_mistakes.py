from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import RunError
from hwnas.core.json_text import to_json
from hwnas.data import Split
from hwnas.export.verification import Answers
from hwnas.runs.mistakes import SHOWN, mistakes_of, read_mistakes


def answers(chosen: list[int], labels: list[int], confidence: list[float]) -> Answers:
    return Answers(np.array(chosen), np.array(confidence, np.float32), np.array(labels))


def split(labels: list[int]) -> Split:
    return Split(np.zeros((len(labels), 3, 2, 2), np.uint8), np.array(labels))


def written(folder: Path, content: object) -> Path:
    path = folder / "runs/mine/export/winner/verification.json"
    path.parent.mkdir(parents=True)
    path.write_text(to_json(content))
    return path


def test_answers_are_counted_by_class_and_the_surest_mistakes_come_first(tmp_path: Path) -> None:
    labels = [0, 0, 1, 1, 2]
    found = mistakes_of(answers([0, 1, 1, 0, 0], labels, [0.9, 0.6, 0.5, 0.99, 0.7]), split(labels))
    assert found.counts == ((0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1), (2, 0, 1))
    assert [(one.image, one.label, one.answer) for one in found.wrong] == [
        (3, 1, 0),
        (4, 2, 0),
        (1, 0, 1),
    ]
    assert found.images == split(labels).digest
    assert read_mistakes(written(tmp_path, {"mistakes": found.to_dict()})) == found


def test_only_so_many_mistakes_are_kept() -> None:
    labels = [0] * 100
    found = mistakes_of(answers([1] * 100, labels, [0.5] * 100), split(labels))
    assert [one.image for one in found.wrong] == list(range(SHOWN))


def test_an_export_of_an_earlier_version_says_nothing_of_mistakes(tmp_path: Path) -> None:
    assert read_mistakes(tmp_path / "nowhere.json") is None
    assert read_mistakes(written(tmp_path, {"accuracy": {}})) is None


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ([0, -1, 2], r"counts\[0\]\[1\] is -1.*hwnas export .*runs/mine'"),
        ([10**9, 0, 2], r"counts\[0\]\[0\] is 1000000000"),
        ([0, 0, 10**30], r"counts\[0\]\[2\] is 10+"),
    ],
)
def test_damaged_mistakes_are_one_sentence_that_names_the_key(
    tmp_path: Path, counts: list[int], sentence: str
) -> None:
    damaged = {"mistakes": {"images": "0", "counts": [counts], "wrong": []}}
    with pytest.raises(RunError, match=sentence):
        read_mistakes(written(tmp_path, damaged))
