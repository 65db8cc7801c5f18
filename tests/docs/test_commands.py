"""Every command line of the documentation is one that can be typed."""

import argparse
import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from hwnas.cli.main import app
from tests.docs.blocks import PAGES, ROOT, Block, all_blocks, blocks_of, name_of, spans_of
from tests.hwnas.cli.conftest import Terminal, terminal  # noqa: F401

ELSEWHERE = {"docker", "export", "jupyter", "pip", "python3", "ray", "sudo", "tensorboard", "."}
ELSEWHERE |= {"kubectl", "srun"}
"""Programs whose arguments are not ours to check, but for a command of hwnas among them."""
PLACEHOLDER = re.compile(r"…|\.\.\.|[\[\]|]")


def command_lines(text: str) -> Iterator[list[str]]:
    """The words of each command of a block, comments and continued lines taken care of."""
    for line in text.replace("\\\n", " ").splitlines():
        words: list[str] = []
        for word in [*shlex.split(line, comments=True), "&&"]:
            if word != "&&":
                words.append(word)
            elif words:
                yield words
                words = []


def parse(words: list[str]) -> None:
    """Parses a command line of hwnas by the command's own parser; nothing is run."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("hwnas", [*words], resilient_parsing=False)
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


def check_names(words: list[str]) -> None:
    """Whether commands and options exist; arguments may be left out, as in running text."""
    command: Any = typer.main.get_command(app)
    for word in words:
        if not hasattr(command, "commands"):
            break
        if word in command.commands:
            command = command.commands[word]
        else:
            assert word.isupper() or word.startswith("-"), f"there is no command {word}"
    known = {option for parameter in command.params for option in parameter.opts}
    known |= {option for parameter in command.params for option in parameter.secondary_opts}
    known |= {"--help", "-h"}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known


class _ParsedError(Exception):
    """A benchmark's options were read."""


def parse_benchmark(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Parses the options of `python -m benchmarks.NAME ...`; nothing is run."""
    _, name, *options = words
    assert name.startswith(("benchmarks.", "tests.")), name
    module = importlib.import_module(name if name.startswith("benchmarks.") else f"{name}.__main__")
    if "parse_args" not in Path(str(module.__file__)).read_text(encoding="utf-8"):
        assert not options
        assert callable(module.main)
        return
    real = argparse.ArgumentParser.parse_args

    def parse_args(self: Any, *arguments: Any) -> None:
        real(self, *arguments)
        raise _ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    monkeypatch.setattr(sys, "argv", [name, *options])
    with pytest.raises(_ParsedError):
        module.main()


def check(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Raises where a command line cannot be typed."""
    while words and "=" in words[0] and words[0].partition("=")[0].isupper():
        words = words[1:]
    if not words:
        return
    program, *rest = words
    if program == "hwnas":
        if rest not in (["--version"], ["--install-completion"], ["--show-completion"]):
            parse(rest)
    elif program == "torchrun" or (program == "srun" and "hwnas" in rest):
        parse(rest[rest.index("hwnas") + 1 :])
    elif program == "python" and rest[0] == "-m":
        parse_benchmark(rest, monkeypatch)
    elif program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert rest[0] in targets
    elif program == "pytest":
        paths = [word for word in rest if word.endswith(".py")]
        assert [path for path in paths if not (ROOT / path).is_file()] == []
    elif program == "python" and rest[0] == "-c":
        compile(rest[1], "-c", "exec")
    else:
        assert program.rpartition("/")[2] in ELSEWHERE, (
            f"{program} is not a program that is checked"
        )


@pytest.mark.parametrize("block", all_blocks("sh"), ids=lambda block: block.place)
def test_the_commands_of_a_block_can_be_typed(
    block: Block, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in command_lines(block.text):
        with monkeypatch.context() as patched:
            check(words, patched)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_in_the_text_of_a_page_exist(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for span in spans_of(page):
        if span.startswith("hwnas "):
            check_names(shlex.split(PLACEHOLDER.sub(" ", span))[1:])
        elif span.startswith("python -m ") and not PLACEHOLDER.search(span):
            with monkeypatch.context() as patched:
                check(shlex.split(span), patched)


QUICK = [
    words
    for block in all_blocks("sh")
    for words in command_lines(block.text)
    if words[:3] == ["hwnas", "space", "show"] or words == ["hwnas", "--version"]
]


@pytest.mark.parametrize("words", QUICK, ids=" ".join)
def test_quick_commands_run(
    words: list[str],
    terminal: Terminal,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a folder with the files that the documentation shows."""
    monkeypatch.chdir(tmp_path)
    for block in all_blocks("yaml"):
        if block.title:
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
    answer = terminal(*words[1:])
    assert answer.code == 0, answer.stderr


def test_every_command_is_in_the_reference() -> None:
    group: Any = typer.main.get_command(app)
    names = []
    for name, command in group.commands.items():
        names += [f"{name} {one}" for one in getattr(command, "commands", {})] or [name]
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert [name for name in names if f"| `hwnas {name}` |" not in page] == []


def test_every_page_has_its_blocks_closed() -> None:
    assert [
        name_of(page)
        for page in PAGES
        if 2 * len(blocks_of(page)) != len(re.findall("^```", page.read_text(), re.MULTILINE))
    ] == []
