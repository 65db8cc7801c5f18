"""What a CSV of accuracies states of them: at which resolution, and on which images."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from hwnas.core.csv_text import names_separator
from hwnas.core.errors import AccuracyError
from hwnas.core.foreign_text import shown

KEYS = ("resolution", "images")
"""Of comment lines above the header, as in `# resolution: 224`, or names of columns."""
_COMMENT = re.compile(r"\s*\"?#\s*([A-Za-z]+)\s*[:=]\s*(.*?)[\s,;\"]*")
_RESOLUTION = re.compile(
    r"([0-9]{1,5})(?:\s*[x×]\s*([0-9]{1,5}))?\s*(?:px|pixels?)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Stated:
    """What is stated of an accuracy; None for what is not.

    Attributes:
        resolution: height and width of the images, in pixels.
        images: a name of them.
    """

    resolution: int | None = None
    images: str | None = None

    def sentences(self, file: str, resolutions: Sequence[int]) -> list[str]:
        """What a person should know who uses them.

        Args:
            file: that states it.
            resolutions: at which the accuracies are used; of several, architectures tell.
        """
        found = self._of_resolution(file, resolutions[0]) if len(resolutions) == 1 else []
        if self.images is not None:
            found.append(f"{file} states accuracies of the images {shown(self.images)}")
        return found

    def _of_resolution(self, file: str, resolution: int) -> list[str]:
        if self.resolution is None:
            return [
                f"{file} does not state at which resolution its accuracies were measured: they "
                f"are taken for those at {resolution} pixels; a line '# resolution: {resolution}' "
                "above its header states it"
            ]
        if self.resolution != resolution:
            return [
                f"warning: {file} holds accuracies at {self.resolution} pixels, and they are used "
                f"at {resolution}, where others hold and other networks may be the best; use a "
                f"file of accuracies at {resolution} pixels, or set resolution to "
                f"{self.resolution}"
            ]
        return []


NOTHING = Stated()
"""Of a file that states neither."""


def split_comments(text: str, source: str) -> tuple[str, Stated]:
    """The text with its first comment lines empty, so that lines keep their numbers.

    Raises:
        AccuracyError: a resolution that is none; `source` names the file.
    """
    lines = text.splitlines(keepends=True)
    comments = list(takewhile(_is_above_header, lines))
    values: dict[str, str] = {}
    for number, line in enumerate(comments, start=1):
        found = _COMMENT.fullmatch(line.rstrip("\r\n"))
        key = found[1].lower() if found else ""
        if found is None or key not in KEYS:
            continue
        if key in values:
            raise AccuracyError(f"{source} line {number} states {key} twice; leave out one of them")
        values[key] = found[2]
        read_stated(values, f"{source} line {number}")
    empty = "".join(line if names_separator(line) else "\n" for line in comments)
    return empty + "".join(lines[len(comments) :]), read_stated(values, source)


def read_stated(values: dict[str, str], where: str) -> Stated:
    """What texts by their keys state; an empty one states nothing.

    Raises:
        AccuracyError: a resolution that is none; `where` names the line.
    """
    text = values.get("resolution", "")
    found = _RESOLUTION.fullmatch(text)
    if text and (found is None or int(found[1]) < 1 or found[2] not in (None, found[1])):
        raise AccuracyError(
            f"{where}: '{shown(text)}' is not a resolution; write the height and width of the "
            "images in pixels, like 224"
        )
    return Stated(int(found[1]) if found else None, values.get("images") or None)


def _is_above_header(line: str) -> bool:
    return not line.strip() or _is_comment(line) or names_separator(line)


def _is_comment(line: str) -> bool:
    return line.lstrip(' \t"').startswith("#")
