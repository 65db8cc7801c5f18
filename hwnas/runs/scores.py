"""What the scores of a journal come from: kept with them, and never mixed with others."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hwnas.estimators import SUPERNET
from hwnas.estimators.source import Judge, Origin
from hwnas.runs.folder import RunFolder
from hwnas.search.journal import Journal

_ORIGIN = "origin"


def bind_scores(folder: RunFolder, judge: Judge) -> None:
    """Ties a run's journal to where its scores come from.

    Raises:
        RunError: they come from somewhere else: another supernet, other images, another file; or
            the journal is damaged.
    """
    with Journal(folder.journal_file) as journal:
        for key, value in judge.identity.items():
            journal.bind(key, value)
        if journal.bound(_ORIGIN) is None:
            journal.bind(_ORIGIN, judge.origin.to_json())
        check_scores(journal, judge.origin)


def check_scores(journal: Journal, origin: Origin) -> None:
    """Sees that the journal's scores can be of their origin.

    Raises:
        RunError: one cannot, as an accuracy of 250 %.
    """
    for score in journal.extreme_scores():
        if not origin.possible(score):
            raise journal.damaged(f"a score is {score:g}, which is no accuracy in percent")


def identity_of(journal: Journal) -> str | None:
    """What tells the journal's scores from others: a hash of the supernet, of the file, or of all.

    All that the scores are bound to is hashed, where they come from neither.
    """
    known = journal.bound("supernet") or journal.bound("accuracy file")
    if known is not None:
        return known
    return bindings_digest(journal.bindings())


def bindings_digest(bound: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of all that scores are bound to, in any order."""
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()[:16]


def origin_of(journal: Journal) -> Origin:
    """Where the journal's scores come from.

    Raises:
        RunError: the journal is damaged.
    """
    text = journal.bound(_ORIGIN)
    try:
        return Origin.from_json(text) if text else Origin(SUPERNET)
    except ValueError as error:  # pydantic's among them
        raise journal.damaged(f"it does not say where its scores are from ({text})") from error
