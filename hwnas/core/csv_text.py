"""CSV files as people save them: with commas, semicolons or tabs, and a byte order mark or none."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from hwnas.core.errors import HwnasError


def read_text(path: Path, *, wanted: str, error: type[HwnasError]) -> str:
    """What a file holds, without a byte order mark.

    Args:
        path: the file.
        wanted: what to name instead when it cannot be one, as in "a .csv file of timings".
        error: what to raise.

    Raises:
        HwnasError: of the type given: there is no such file, or it is not UTF-8.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise error(f"{path} {what}; name {wanted}")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(
            f"{path} is not UTF-8 (byte {problem.start + 1}); save it as 'CSV UTF-8' or with the "
            "encoding UTF-8"
        ) from problem


# The first line that Excel writes, and obeys, where the separator is not the one of its language.
_NAMED_SEPARATOR = re.compile(r'"?sep=([,;|:\t])"?[,;|:\t]*', re.IGNORECASE)


def separator_of(text: str) -> str:
    """What a first line like `sep=;` names, else comma, semicolon or tab: the most in that line."""
    first = _first_line(text)
    named = _NAMED_SEPARATOR.fullmatch(first)
    return named[1] if named else max(",;\t", key=first.count)


def names_separator(line: str) -> bool:
    """Whether a line is one like `sep=;`, which Excel writes above the header."""
    return _NAMED_SEPARATOR.fullmatch(line.strip(" \r\n")) is not None


def csv_records(
    text: str, separator: str, source: str, error: type[HwnasError]
) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every line that is not empty, without the blanks around cells.

    A first line like `sep=;` is not among them.

    Raises:
        HwnasError: of the type given: quotes that do not match; `source` names the file.
    """
    named = names_separator(_first_line(text))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and not named:
                yield reader.line_num, stripped
            named = named and not any(stripped)
    except csv.Error as problem:
        raise error(
            f"{source} line {reader.line_num} is not CSV: {problem}; correct it there"
        ) from problem


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "").strip(" \r\n")
