"""`hwnas space generate`: space files that every command takes."""

from pathlib import Path

import pytest

from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, assert_refused

_SMALL = ("space", "generate", "--resolution", "32")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_writes_a_space_that_other_commands_read(terminal: Terminal) -> None:
    answer = terminal(*_SMALL, "--output", "mine.yaml", "--seed", "2")
    assert answer.code == 0, answer.stderr
    assert "next: hwnas space show mine.yaml" in answer.stderr
    space = load_space("mine.yaml")
    assert (space.name, space.resolution) == ("mine", 32)
    shown = terminal("space", "show", "mine.yaml", "--json").document
    assert shown["networks"] == space.size


def test_several_are_numbered_and_described(terminal: Terminal) -> None:
    words = ("--count", "2", "--reference", "mobilenet_v2", "--classes", "7", "--json")
    document = terminal(*_SMALL, *words).document
    assert document["learnt_from"] == ["mobilenet_v2"]
    assert [one["file"] for one in document["spaces"]] == ["generated_1.yaml", "generated_2.yaml"]
    for one in document["spaces"]:
        space = load_space(one["file"])
        assert (space.classes, space.size) == (7, one["networks"])
        assert one["macs"]["least"] < one["macs"]["most"]


def test_nothing_is_replaced_without_force(terminal: Terminal) -> None:
    words = (*_SMALL, "--count", "2", "--out", "a.yaml")
    Path("a_2.yaml").write_text("mine")
    refused = terminal(*words)
    assert refused.code == 2
    assert "a_2.yaml exists already; add --force" in refused.stderr
    assert not Path("a_1.yaml").exists()
    assert terminal(*words, "--force").code == 0
    Path("a_2.yaml").unlink()  # as after a kill between the two
    assert terminal(*words).code == 0
    first = Path("a_2.yaml").read_text()
    assert terminal(*words, "--force").code == 0
    assert Path("a_2.yaml").read_text() == first != "mine"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--output space.json", "--output space.json must end with .yaml"),
        ("--output folder.yaml", "--output folder.yaml is a folder; name a file"),
        ("--reference mobilenet", "there is no reference 'mobilenet'"),
        ("--reference mobilenet_v4_conv_small", "a space cannot be drawn from it"),
        ("--count 0", "--count must be"),
        ("--resolution 7", "--resolution must be"),
        ("--classes 1", "--classes must be"),
        ("--seed -1", "--seed must be"),
    ],
)
def test_wrong_words_are_one_sentence(
    terminal: Terminal, tmp_path: Path, words: str, sentence: str
) -> None:
    (tmp_path / "folder.yaml").mkdir()
    assert_refused(terminal, tmp_path, f"space generate {words}", sentence)
