"""Ids of networks: short names to type and to read aloud."""

from functools import lru_cache

from hwnas.core.digests import SHA256, digest
from hwnas.networks.blocks import Network, block_key
from hwnas.networks.ensemble import Ensemble

# Without vowels no id is, or begins, a word that a command knows ("best", "all"), a month that a
# spreadsheet would take for a date, or a word that nobody wants to read; without l, o and y none of
# its letters is taken for another one or for a digit.
_LETTERS = "bcdfghjkmnpqrstvwxz"
_ALL = "0123456789" + _LETTERS
LENGTH = 7
"""Characters of an id: some two of 5,000 networks have the same with a chance of 1 in 900."""

_key = lru_cache(maxsize=8192)(block_key)  # networks of a space share most of their blocks


def network_id(network: Network) -> str:
    """The id of a network, the same in every search and run.

    A letter and six letters or digits, from the SHA-256 of the keys of its blocks: neither a shell
    nor YAML nor a spreadsheet takes one for a number.
    """
    return _id_of("\n".join(map(_key, network)))


def ensemble_id(ensemble: Ensemble) -> str:
    """The same of an ensemble, whatever the order of its members."""
    parts = [ensemble.trunk, *sorted(ensemble.tails, key=lambda tail: list(map(_key, tail)))]
    return _id_of("\n\n".join("\n".join(map(_key, part)) for part in parts))


def _id_of(text: str) -> str:
    number = int(digest(text, SHA256), 16)
    number, first = divmod(number, len(_LETTERS))
    found = _LETTERS[first]
    for _ in range(LENGTH - 1):
        number, following = divmod(number, len(_ALL))
        found += _ALL[following]
    return found


def may_begin_id(text: str) -> bool:
    """Whether a text is an id or the beginning of one."""
    return 0 < len(text) <= LENGTH and text[0] in _LETTERS and all(one in _ALL for one in text)
