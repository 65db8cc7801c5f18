"""What a person picks of a run to be exported, and the networks that this means."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from hwnas.core.errors import BudgetError, ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.spelling import nearest
from hwnas.networks.blocks import Network
from hwnas.networks.ids import may_begin_id, network_id
from hwnas.runs.searching import RunSearch
from hwnas.search.front import knee
from hwnas.spaces import Architectures, Space
from hwnas.spaces.numbering import read_architecture

BEST, KNEE, FASTEST, ALL = "best", "knee", "fastest", "all"
WORDS = (BEST, KNEE, FASTEST, ALL)
NOTHING_FOUND = (
    "the search found no network within the budgets; allow more evaluations (search.evaluations) "
    "or a larger budget"
)

Picks: TypeAlias = str | Sequence[str | Sequence[int]]
"""A text as the command line takes it, an architecture, or a list of both."""

# Numbers alone, as an architecture is written: "1 0 2", "1,0,2" or "[1, 0, 2]".
_NUMBERS = re.compile(r"\s*(\[[\d\s,]*\]|\(?[\d\s,]*\d[\d\s,]*\)?)\s*")
# Between picks, and not inside of brackets.
_COMMA = re.compile(r",(?![^\[(]*[\])])")
# Networks of a journal whose ids are looked at together.
_TOGETHER = 4096


@dataclass(frozen=True)
class Pick:
    """A network to be exported.

    Attributes:
        id: see `hwnas.networks.ids`.
        architecture: the choice of each slot, canonical.
        numbers: that people call these choices by, see `SearchSpace.numbers_of`.
        network: its blocks.
        score: what the search judged it to be; None where it did not.
        asked: as what it was picked: "knee", "fastest", "all", "id" or "architecture".
    """

    id: str
    architecture: tuple[int, ...]
    numbers: tuple[int, ...]
    network: Network = field(repr=False)
    score: float | None
    asked: tuple[str, ...]


@dataclass(frozen=True)
class Chosen:
    """What is exported: the best that keeps the budgets when measured, and further networks.

    Attributes:
        best: whether the winner is wanted.
        picks: the others, each network once.
        insists: whether the winner was named, so that an export without one has failed.
    """

    best: bool
    picks: tuple[Pick, ...] = ()
    insists: bool = True


def read_picks(given: Any) -> list[str]:
    """The parts of what a person picks: a word, an id or the text of an architecture each.

    Args:
        given: `Picks`, of which a text may be a list with commas; None for the best.

    Raises:
        ConfigError: it is empty or something else.
    """
    if given is None:
        return [BEST]
    if not isinstance(given, Sequence | np.ndarray):
        given = [given]
    wrong = ConfigError(
        f"a pick must be {_known()}, or a list of these, and is {shown(repr(given))}"
    )
    parts = []
    for one in [given] if isinstance(given, str) or _is_architecture(given) else given:
        if isinstance(one, str):
            parts += _parts(one)
        elif _is_architecture(one):
            parts.append(" ".join(str(int(choice)) for choice in one))
        else:
            raise wrong
    if not parts or "" in parts:
        raise ConfigError(f"a pick is empty; name {_known()}")
    return parts


def choose(parts: Sequence[str], result: RunSearch, space: Space, front_file: Path) -> Chosen:
    """The networks that picks mean.

    Args:
        parts: see `read_picks`.
        result: of the run's search.
        space: that was searched.
        front_file: where a person finds the ids.

    Raises:
        BudgetError: the front is empty and a network of it is picked.
        ConfigError: there is no such network, or several.
    """
    found: dict[str, Pick] = {}
    meant = _Meant(result, space, front_file)
    for part in parts:
        for pick in meant.by(part):
            known = found.get(pick.id)
            asked = pick.asked if known is None else (*known.asked, *pick.asked)
            found[pick.id] = replace(pick, asked=tuple(dict.fromkeys(asked)))
    best = BEST in parts or ALL in parts
    return Chosen(best, tuple(found.values()), BEST in parts)


class _Meant:
    """The networks of a run by what people call them."""

    def __init__(self, result: RunSearch, space: Space, front_file: Path) -> None:
        self._result, self._space, self._front_file = result, space, front_file

    def by(self, part: str) -> Iterator[Pick]:
        """Those that a part means beside the best."""
        front = self._result.front
        if part in WORDS:
            if not len(front.scores):
                raise BudgetError(NOTHING_FOUND)
            for index in self._numbers(part):
                yield self._pick(front.architectures[index], float(front.scores[index]), part)
        elif _NUMBERS.fullmatch(part):
            try:
                row = read_architecture(self._space, " ".join(re.findall(r"\d+", part)))
            except ValueError as error:
                raise ConfigError(f"pick {shown(part)}: {error}") from error
            architecture = self._space.canonical(np.array([row]))[0]
            yield self._pick(architecture, self._score(architecture), "architecture")
        else:
            yield self._of_id(part)

    def _numbers(self, word: str) -> Sequence[int]:
        """Of the networks of the front that a word means beside the best."""
        count = len(self._result.front.scores)
        if word == BEST:
            return ()
        if word != KNEE:
            return (0,) if word == FASTEST else range(count - 1, -1, -1)
        bend = knee(self._result.front)
        if bend is None:
            raise ConfigError(
                f"the front of {count} {'network' if count == 1 else 'networks'} has no knee; name "
                f"another pick: {BEST}, {FASTEST}, or an id of {self._front_file}"
            )
        return (bend,)

    def _of_id(self, text: str) -> Pick:
        small = text.lower()
        if not may_begin_id(small):
            raise ConfigError(f"'{shown(text)}' is no pick; name {_known()}{nearest(small, WORDS)}")
        every = self._result
        for rows, scores, of in (
            (every.front.architectures, every.front.scores, "of the front"),
            (every.architectures, every.scores, "that were judged"),
        ):
            found = self._beginning(small, rows)
            if len(found) > 1:
                raise _several(text, list(found), of)
            for index in found.values():
                return self._pick(rows[index], float(scores[index]), "id")
        raise ConfigError(
            f"no network of this run has an id that begins with '{shown(text)}'; the first column "
            f"of {self._front_file} has those of the front"
        )

    def _beginning(self, small: str, rows: Architectures) -> dict[str, int]:
        """The networks of architectures (N, L) whose ids begin so: their numbers by their ids."""
        found: dict[str, int] = {}
        for start in range(0, len(rows), _TOGETHER):
            networks = self._space.networks(rows[start : start + _TOGETHER])
            ids = enumerate(map(network_id, networks), start=start)
            found |= {one: index for index, one in ids if one.startswith(small)}
        return found

    def _score(self, architecture: Architectures) -> float | None:
        same = (self._result.architectures == architecture).all(axis=1)
        return float(self._result.scores[same][0]) if same.any() else None

    def _pick(self, row: Architectures, score: float | None, asked: str) -> Pick:
        network = self._space.network(row)
        numbers = tuple(self._space.numbers_of(row)[0].tolist())
        return Pick(network_id(network), tuple(row.tolist()), numbers, network, score, (asked,))


def _several(text: str, ids: list[str], of: str) -> ConfigError:
    named = ", ".join(ids[:4]) + (", …" if len(ids) > 4 else "")
    return ConfigError(
        f"the ids of {len(ids)} networks {of} begin with '{shown(text)}' ({named}); write more of "
        "the one that you mean"
    )


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in _COMMA.split(text)]
    # "1, 0, 2" is one architecture; "1 0 2, 1 0 3" are two.
    several = len(parts) > 1 and all(len(part.split()) > 1 for part in parts)
    return [text.strip()] if _NUMBERS.fullmatch(text) and not several else parts


def _is_architecture(given: Any) -> bool:
    """Whether something is a list, tuple or array of whole numbers."""
    numbers = given.tolist() if isinstance(given, np.ndarray) else given
    return (
        isinstance(numbers, Sequence)
        and len(numbers) > 0
        and all(isinstance(one, Integral) and not isinstance(one, bool) for one in numbers)
    )


def _known() -> str:
    return f"{', '.join(WORDS)}, an id, or an architecture such as '1 0 2'"
