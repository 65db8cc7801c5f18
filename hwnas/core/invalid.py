"""What is wrong with a document, in words: the first error that pydantic found in it."""

from pydantic import ValidationError

from hwnas.core.foreign_text import shown

_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_LONGEST = 60


def first_error(error: ValidationError, place: str = "", *, skip: int = 0) -> str:
    """The first wrong value, as in "visits[4].round is -1, but it should be at least 0".

    Errors in YAML files of people are worded by `hwnas.core.configs`, which knows their keys.

    Args:
        error: of a document that was read from JSON.
        place: of the document, where it is part of a larger one, as in "models[0].content".
        skip: how many names of each place are not of the document.
    """
    first = error.errors()[0]
    for part in first["loc"][skip:]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
    where = shown(place.removeprefix("."), longest=2 * _LONGEST) or "the document"
    if first["type"] == "missing":
        return f"{where} is missing"
    if first["type"] in _UNKNOWN:
        return f"{where} is not known here"
    message = str(first["ctx"]["error"] if first["type"] == "value_error" else first["msg"])
    message = message.replace("Input should", "it should").replace("Tuple should", "list should")
    given = shown(repr(first["input"])[: 4 * _LONGEST], longest=_LONGEST)
    return f"{where} is {given}, but {shown(message[:1].lower() + message[1:], longest=160)}"
