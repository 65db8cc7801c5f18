"""A command line that is wrong as such is one sentence, as all that is wrong."""

from pathlib import Path

import pytest

from tests.hwnas.cli.conftest import Terminal, assert_refused


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("train", "hwnas: the argument CONFIG is missing; see 'hwnas train --help'"),
        ("rank tiny.yaml", "the option --truth is missing; see 'hwnas rank --help'"),
        ("train tiny.yaml more", "unexpected extra argument(s) (more); see 'hwnas train --help'"),
        ("search tiny.yaml --resolutoin 3", "no option --resolutoin; did you mean --resolution?"),
        ("train tiny.yaml --resolution x", "--resolution must be a whole number from 8 to 1024"),
        ("trian", "no such command 'trian'"),
        ("table show", "the argument TABLE is missing; see 'hwnas table show --help'"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(
    folder: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    answer = assert_refused(terminal, folder, words, sentence)
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("words", ["", "table"])
def test_commands_without_a_command_show_their_help(terminal: Terminal, words: str) -> None:
    answer = terminal(*words.split())
    assert answer.code == 2
    assert "Usage: hwnas" in answer.stdout + answer.stderr


def test_a_search_config_is_told_from_a_space(folder: Path, terminal: Terminal) -> None:
    sentence = "tiny.yaml is a search config; show its space: hwnas space show tiny_space.yaml"
    assert_refused(terminal, folder, "space show tiny.yaml", sentence)


def test_what_is_read_when_libraries_load_is_set_by_the_command_alone(
    folder: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    assert terminal("space", "show", "./tiny_space.yaml").code == 0
    assert os.environ["GOMP_SPINCOUNT"] == "1000"
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")  # a person's own
    assert terminal("space", "show", "./tiny_space.yaml").code == 0
    assert os.environ["GOMP_SPINCOUNT"] == "7"
    del folder
