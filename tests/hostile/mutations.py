"""What is done to healthy content: values that cannot be, bytes that changed, keys that are not."""

import copy
import json
from collections.abc import Callable, Sequence
from datetime import date
from random import Random
from typing import Any

TEXTS = (
    "",
    " ",
    "\x1b[31mred\x1b[0m",
    "\x07",
    "\u202etxt.exe",
    "\u2066hidden\u2069",
    "a\0b",
    "x" * 5000,
    "../../../etc/passwd",
    "/dev/zero",
    "$\\frac{1}{",
    "<script>alert(1)</script>",
    "%s%n",
    "{0}",
    "\ud7ff\ue000",
    "𝔘𝔫𝔦",
    "line\nbreak",
    "tab\there",
    "'; DROP TABLE visits; --",
    "nan",
    "inf",
    "-1",
    "1e400",
    "0x10",
    "1_000",
    "null",
    "[bold]markup[/bold]",
    "_",
    "\u2028",
    "é" * 700,
)
NUMBERS = (
    0,
    -1,
    1,
    2,
    -0.0,
    0.5,
    1e-320,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    -float("inf"),
    2**31,
    2**63,
    -(2**63),
    10**18,
    10**30,
    999999999,
    3.999999999999999,
    1e-9,
)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [None], {"": ""}, [[]], date(2026, 1, 31))


def value(random: Random) -> Any:
    """A value that is unlikely to be what a key asks for."""
    kind = random.random()
    if kind < 0.35:
        return random.choice(TEXTS)
    if kind < 0.7:
        return random.choice(NUMBERS)
    if kind < 0.95:
        return copy.deepcopy(random.choice(OTHERS))
    nested: Any = "deep"
    for _ in range(random.choice((5, 60, 400))):
        nested = [nested] if random.random() < 0.5 else {"a": nested}
    return nested


def json_value(random: Random) -> Any:
    """The same, of what JSON can hold."""
    found = value(random)
    return str(found) if isinstance(found, date) else found


def tree(content: Any, random: Random, changes: int = 1, new: Any = value) -> Any:
    """A copy of nested dicts and lists with some places changed."""
    result = copy.deepcopy(content)
    for _ in range(changes):
        places = _places(result)
        if not places:
            return new(random)
        holder, key = random.choice(places)
        _change(holder, key, random, new)
    return result


def _places(content: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [content]
    while waiting:
        node = waiting.pop()
        items: list[tuple[Any, Any]] = []
        if isinstance(node, dict):
            items = list(node.items())
        elif isinstance(node, list):
            items = list(enumerate(node[:200]))
        for key, child in items:
            found.append((node, key))
            waiting.append(child)
    return found


def _change(holder: Any, key: Any, random: Random, new: Callable[[Random], Any]) -> None:
    way = random.random()
    if way < 0.6:
        holder[key] = new(random)
    elif way < 0.7:
        del holder[key]
    elif way < 0.8 and isinstance(holder, dict):
        holder[random.choice([*TEXTS, key[:-1] if isinstance(key, str) else "k"])] = holder.pop(key)
    elif way < 0.85:
        holder[key] = [holder[key]]
    elif way < 0.9 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
        holder[key] = random.choice((-1, 10, 1e6, 1e-6, 0)) * holder[key]
    else:
        holder[key] = str(holder[key])


def raw(content: bytes, random: Random) -> bytes:
    """Bytes with some changed, missing, or too many."""
    if not content:
        return random.randbytes(20)
    result = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        at = random.randrange(len(result)) if result else 0
        way = random.randrange(7)
        if way == 0 and result:
            result[at] ^= 1 << random.randrange(8)
        elif way == 1 and result:
            result[at] = random.randrange(256)
        elif way == 2:
            result[at:at] = random.choice(
                (
                    b"\0",
                    b"\xff\xfe",
                    b"\xef\xbb\xbf",
                    b"\x1b[2J",
                    b"\r\n",
                    b"!!python/object:os",
                    b"&a [*a]",
                    b'"',
                    b"{",
                    b"9" * 400,
                    "\u202e".encode(),
                    b"\xed\xa0\x80",
                )
            )
        elif way == 3:
            del result[at : at + random.choice((1, 4, 40, 4000))]
        elif way == 4:
            del result[at:]
        elif way == 5:
            part = result[at : at + random.choice((10, 100, 1000))]
            result[at:at] = part
        else:
            end = at + random.choice((1, 8, 100))
            result[at:end] = random.randbytes(len(result[at:end]))
    return bytes(result)


def lines(text: str, random: Random) -> str:
    """A text with lines missing, twice, or in another order."""
    rows = text.splitlines()
    at = random.randrange(len(rows)) if rows else 0
    way = random.randrange(5)
    if way == 0:
        rows[at : at + 1] = []
    elif way == 1:
        rows.insert(at, rows[at])
    elif way == 2:
        rows.insert(0, rows.pop(at))
    elif way == 3:
        rows[at] = f"{rows[at]},{value(random)}"
    else:
        rows[at] = str(value(random))
    return "\n".join(rows) + random.choice(("\n", "", "\r\n"))


def cells(text: str, random: Random, separator: str = ",") -> str:
    """A CSV with one cell changed."""
    rows = [line.split(separator) for line in text.splitlines()]
    row = random.choice(rows)
    row[random.randrange(len(row))] = str(value(random))
    return "\n".join(separator.join(row) for row in rows) + "\n"


def json_text(content: Any, random: Random) -> str:
    """A JSON document with something changed, as a text: nan and inf among the numbers."""
    if random.random() < 0.25:
        return raw(json.dumps(content).encode(), random).decode("utf-8", "replace")
    changed = tree(content, random, random.choice((1, 1, 2)), json_value)
    return json.dumps(changed)


def pick(random: Random, ways: Sequence[tuple[float, Callable[[], Any]]]) -> Any:
    """One of some ways, by their weights, done."""
    weights = [weight for weight, _ in ways]
    return random.choices([way for _, way in ways], weights)[0]()
