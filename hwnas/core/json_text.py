"""JSON as hwnas writes it for people and machines: readable, and harmless on a terminal."""

import json
import math
import re
from typing import Any

# Control characters beyond those that JSON itself escapes, bidirectional marks and other format
# characters, line and paragraph separators, and surrogates without a partner.
_UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0001\U000e0020-\U000e007f]"
)


def to_json(content: Any, *, indent: int | None = 2, ascii_only: bool = False) -> str:
    """A document as JSON, with what cannot be seen as escapes, which read as the same text.

    JSON has no infinite numbers and no NaN: they become null.
    """
    try:
        text = json.dumps(content, indent=indent, ensure_ascii=ascii_only, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(content), indent=indent, ensure_ascii=ascii_only)
    return _UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
