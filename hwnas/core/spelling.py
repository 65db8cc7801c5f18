"""Misspelt names: what was meant."""

import difflib
from collections.abc import Sequence


def nearest(name: str, known: Sequence[str], prefix: str = "") -> str:
    """A hint at the known name that is most like a wrong one, "" when none is.

    `prefix` is put before the known name.
    """
    # At 0.6, difflib's own value, "time" is like "stride".
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.65)
    return f"; did you mean '{prefix}{close[0]}'?" if close else ""
