"""Pieces of HTML: text of strangers made harmless, tables, paragraphs, sections."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from hwnas.core.foreign_text import html_text


def text(value: object) -> str:
    """A text of strangers as HTML, see `html_text`."""
    return html_text(value)


def paragraphs(sentences: Iterable[str], css: str = "") -> str:
    """A paragraph for each sentence."""
    start = f"<p class='{css}'>" if css else "<p>"
    return "".join(f"{start}{text(one)}</p>" for one in sentences)


def callouts(sentences: Iterable[str]) -> str:
    """What a reader should know before all else, a box for each sentence."""
    return "".join(f"<p class='callout'><strong>{text(one)}</strong></p>" for one in sentences)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], name: str = "") -> str:
    """A table of text; a wide one scrolls by itself, not with the page.

    Args:
        header: a text for each column.
        rows: of as many texts.
        name: what a screen reader calls it.
    """
    marked = [[text(cell) for cell in row] for row in rows]
    return marked_table([text(cell) for cell in header], marked, name)


def marked_table(header: Sequence[str], rows: Sequence[Sequence[str]], name: str = "") -> str:
    """The same of cells that are HTML already."""
    head = "".join(f"<th scope='col'>{cell}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f"<div class='scroll' role='region' tabindex='0' aria-label='{text(name or 'table')}'>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def section(name: str, title: str, *parts: str, note: str = "") -> str:
    """A section of the page with its heading and, below it, a sentence on what it shows.

    Args:
        name: its anchor.
        title: its heading.
        parts: HTML.
        note: the sentence, as text; "" for none.
    """
    lead = f"<p class='note'>{text(note)}</p>" if note else ""
    inner = "".join(parts)
    return (
        f"<section id='{name}' aria-labelledby='{name}-title'>"
        f"<h2 id='{name}-title'>{text(title)}</h2>{lead}{inner}</section>"
    )


def details(title: str, inner: str) -> str:
    """What is folded away until it is asked for; it is printed unfolded."""
    return f"<details><summary>{text(title)}</summary>{inner}</details>"


def as_data(name: str, content: Any) -> str:
    """A JSON document inside the page, which nothing in it can end or turn into markup."""
    document = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        document = document.replace(character, f"\\u{ord(character):04x}")
    return f"<script type='application/json' id='{name}'>{document}</script>"
