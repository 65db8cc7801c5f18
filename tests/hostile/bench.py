"""One case of the campaign: a folder, a random generator, and what an answer must be like."""

import contextlib
import io
import json
import math
import os
import re
import sys
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from hwnas.core.errors import HwnasError
from tests.hostile.material import Material

T = TypeVar("T")

LONGEST = 1500
"""Characters of a sentence that is still read."""
# Characters that move a cursor or turn the reading direction; a tab and a line break do neither.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_WARNING = re.compile(r"\.py:\d+: \w*Warning")


class FallThroughError(Exception):
    """What must not happen.

    Attributes:
        how: "traceback", "hang", "wrong" or "ugly".
    """

    def __init__(self, how: str, what: str) -> None:
        super().__init__(f"{how}: {what}")
        self.how = how


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    stdout: str
    stderr: str

    @property
    def done(self) -> bool:
        """Whether it did what it was asked for."""
        return self.code == 0

    @property
    def document(self) -> Any:
        """The one JSON document on stdout, its numbers checked."""
        return checked_json(self.stdout)


class Bench:
    """A fresh folder, which is the working folder, beside healthy files.

    Attributes:
        material: the healthy files.
        folder: the case's own, empty at first.
        random: seeded by the case.
        notes: what was done to the input, printed when the case fails.
    """

    def __init__(self, material: Material, folder: Path, random: Random) -> None:
        self.material = material
        self.folder = folder
        self.random = random
        self.notes: list[str] = []

    def note(self, text: object) -> None:
        """Tells what was done to the input."""
        self.notes.append(str(text)[:400])

    def command(self, *words: object) -> Answer:
        """Types a command; anything but a result or one good sentence is a fall through."""
        line = [str(word) for word in words]
        stdout, stderr = _text_stream(), _text_stream()
        code = 0
        with _typed(line, stdout, stderr):
            from hwnas.cli.main import main

            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            except FallThroughError:
                raise
            except Exception as error:
                raise FallThroughError("traceback", _last_lines(error)) from error
        answer = Answer(code, _content(stdout), _content(stderr))
        check_text(answer.stdout, "stdout")
        check_text(answer.stderr, "stderr")
        if code not in (0, 2):
            raise FallThroughError("wrong", f"exit code {code}: {answer.stderr[-300:]}")
        if code == 2:
            self.note(answer.stderr.strip().rsplit("\n", 1)[-1])
        return answer

    def call(self, function: Callable[[], T]) -> T | None:
        """Calls what is behind a command; None where it was refused with one good sentence."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                return function()
        except HwnasError as error:
            check_text(str(error), "sentence")
            check_lines(str(error))
            self.note(error)
            return None
        except OSError as error:
            # The command says it as one sentence, where it names a file or a reason.
            if not (error.filename or error.strerror):
                raise FallThroughError("traceback", _last_lines(error)) from error
            return None
        except FallThroughError:
            raise
        except Exception as error:
            raise FallThroughError("traceback", _last_lines(error)) from error

    def wrong(self, what: str) -> None:
        """Fails the case: a wrong result without a word."""
        raise FallThroughError("wrong", what)

    def copy(self, path: Path, name: str | None = None) -> Path:
        """A copy of a healthy file in the case's folder."""
        to = self.folder / (name or path.name)
        to.write_bytes(path.read_bytes())
        return to


def check_text(text: str, where: str) -> None:
    """Refuses what harms a terminal, and what no one reads."""
    for line in text.split("\n"):
        for character in line:
            if character not in "\t\u200c\u200d" and unicodedata.category(character) in _UNSEEN:
                raise FallThroughError("ugly", f"{where} shows {character!r}: {line[:200]!r}")
    if "Traceback (most recent" in text or _WARNING.search(text):
        raise FallThroughError("traceback", text[-400:])
    if where == "stderr":
        check_lines(text)


def check_lines(text: str) -> None:
    """Refuses a sentence that is too long."""
    longest = max(text.split("\n"), key=len)
    if len(longest) > LONGEST:
        raise FallThroughError("ugly", f"a line of {len(longest)} characters: {longest[:150]}")


def checked_json(text: str) -> Any:
    """A document, which holds finite numbers alone."""

    def no_number(name: str) -> Any:
        raise FallThroughError("wrong", f"the document holds {name}")

    try:
        return json.loads(text, parse_constant=no_number)
    except ValueError as error:
        raise FallThroughError("wrong", f"no JSON: {error}: {text[:200]}") from error


def check_numbers(content: Any, place: str = "") -> None:
    """Refuses nan and inf anywhere in a result."""
    if isinstance(content, dict):
        for key, value in content.items():
            check_numbers(value, f"{place}.{key}")
    elif isinstance(content, list | tuple):
        for index, value in enumerate(content):
            check_numbers(value, f"{place}[{index}]")
    elif isinstance(content, float) and not math.isfinite(content):
        raise FallThroughError("wrong", f"{place} is {content}")


def _text_stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _content(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("utf-8", "replace")


@contextlib.contextmanager
def _typed(words: list[str], stdout: Any, stderr: Any) -> Iterator[None]:
    before = sys.argv, sys.stdout, sys.stderr
    sys.argv, sys.stdout, sys.stderr = ["hwnas", *words], stdout, stderr
    try:
        yield
    finally:
        sys.argv, sys.stdout, sys.stderr = before


def _last_lines(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    here = os.getcwd()  # noqa: PTH109
    places = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames[-4:]]
    text = f"{type(error).__name__}: {str(error)[:200]} ({' > '.join(places)})"
    return text.replace(here, ".")
