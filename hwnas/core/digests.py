"""Digests: short names of contents, the same for equal ones wherever and whenever they are made."""

import hashlib

DIGITS = 16
"""64 bits: two of a billion contents have the same one with a chance of 3 in 100."""

SHA256 = 64
"""All digits of a SHA-256."""


def digest(content: bytes | str, digits: int = DIGITS) -> str:
    """The first hexadecimal digits of a content's SHA-256; a text counts as UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:digits]
