"""stdout and stderr made able to show every result, whatever they are connected to."""

import codecs
import os
import sys
from typing import Any, TextIO

# What an encoding without the character shows in its place.
_PLAIN = {
    "–": "-",
    "—": "-",
    "≤": "<=",
    "≥": ">=",
    "→": "->",
    "×": "x",
    "·": "*",
    "µ": "u",
    "μ": "u",
    "…": "...",
    "±": "+-",
    "°": " deg ",
    "²": "^2",
    "³": "^3",
    "⁻": "^-",
    "Σ": "sum",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
}
_HANDLER = "hwnas_plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    text = "".join(
        _PLAIN.get(one) or one.encode("unicode_escape", "surrogatepass").decode() for one in part
    )
    return text, error.end


def prepare_streams() -> None:
    """Makes sure that a result which took hours is never lost to where it is printed.

    A stream that was closed (`>&-`) is the null device, so that no file of ours becomes stdout.
    A stream that is not UTF-8 shows plain characters or escapes for those that it lacks.
    """
    codecs.register_error(_HANDLER, _plain)
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:  # the lowest free one is taken, which is this
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
            setattr(sys, name, stream)
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_HANDLER)


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream has every character."""
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")
