"""What a library said, told in a sentence."""

from collections.abc import Iterable

_MOST_TEXT = 600


def one_line(texts: Iterable[str]) -> str:
    """What a library said, as part of a sentence: an agent's last line is its message."""
    lines = [" ".join(text.split()) for text in dict.fromkeys(texts)]
    return "; ".join(filter(None, lines))[:_MOST_TEXT] or "it does not say why"
