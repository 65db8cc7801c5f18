"""Text that comes from outside, made safe to show: names, answers, messages of libraries."""

import html
import unicodedata

# A sentence that quotes more of a stranger than this is read by nobody.
LONGEST = 300
# Categories of Unicode: control characters, format characters (bidirectional marks, zero-width
# characters), lone surrogates, private use, and separators of lines and paragraphs. None of them
# can be seen; some move the cursor, turn the reading direction, or break an XML file.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Joins emoji and letters of some scripts, and turns nothing around.
_HARMLESS = frozenset("\u200c\u200d")


def shown(text: object, *, longest: int = LONGEST) -> str:
    r"""A text of a stranger as one harmless line: what cannot be seen is escaped, length is cut.

    Control characters, bidirectional marks, lone surrogates (from file names that are not UTF-8)
    and line breaks become escapes, as `\x1b` or `\u202e`. A text that is longer than `longest`
    keeps its beginning and its end, and says how many characters are missing.

    Args:
        text: anything; its `str` is taken.
        longest: characters of the text that are kept.
    """
    whole = str(text)
    if len(whole) > longest:
        head, tail = longest * 2 // 3, longest - longest * 2 // 3
        missing = len(whole) - longest
        return f"{_escaped(whole[:head])} … ({missing:,} characters) … {_escaped(whole[-tail:])}"
    return _escaped(whole)


def shown_lines(text: object) -> str:
    """The same for a text of several lines of any length: line breaks and tabs stay."""
    return "\n".join("\t".join(map(_escaped, line.split("\t"))) for line in str(text).split("\n"))


def html_text(text: object) -> str:
    """A text of strangers as HTML: neither markup nor characters that cannot be seen."""
    return html.escape(shown_lines(text))


def _escaped(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one if one in _HARMLESS or unicodedata.category(one) not in _UNSEEN else _escape(one)
        for one in text
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
