"""The code blocks of README, CONTRIBUTING and docs/, and what the comments before them say."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(
    r"((?:^<!-- test: [^\n]* -->\n)*)^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
_NOTE = re.compile(r"^<!-- test: (.*) -->$", re.MULTILINE)
_INFO = re.compile(r'(?P<language>[a-z]*)(?: title="(?P<title>[^"]+)")?')
_SPAN = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """One block.

    Attributes:
        place: page and line, for messages.
        language: behind the fence.
        title: the file that the block is, "" for none.
        notes: of the comments before it: `search-part`, `replace A with B`, `elsewhere PATH`,
            `part-of PATH`, `manifest`.
        text: as it stands there.
    """

    place: str
    language: str
    title: str
    notes: tuple[str, ...]
    text: str

    def note(self, word: str) -> list[str]:
        """What the notes that begin with a word say behind it."""
        return [note[len(word) :].strip() for note in self.notes if note.split()[0] == word]


def name_of(page: Path) -> str:
    """A page as it is called in the repository."""
    return str(page.relative_to(ROOT))


@cache
def blocks_of(page: Path) -> tuple[Block, ...]:
    """The blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        notes, info, code = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        kind = _INFO.fullmatch(info)
        assert kind, f"{name_of(page)}:{line}: what does ```{info} mean?"
        place = f"{name_of(page)}:{line}"
        found.append(
            Block(
                place,
                kind["language"],
                kind["title"] or "",
                tuple(_NOTE.findall(notes)),
                code,
            )
        )
    return tuple(found)


def all_blocks(*languages: str) -> list[Block]:
    """Those of some languages, of every page."""
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]


def spans_of(page: Path) -> list[str]:
    """What stands `between backticks` in the text of a page, line breaks as spaces."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(span.split()) for span in _SPAN.findall(text)]
