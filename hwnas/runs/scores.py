"""What the scores of a journal come from: kept with them, and never mixed with others."""

import json
from collections.abc import Mapping
from typing import Any

from hwnas.core.digests import digest
from hwnas.estimators.scores import ScoreInfo, Scores
from hwnas.search.journal import Journal

_INFO = "scores"


def bind_scores(journal: Journal, scores: Scores) -> None:
    """Ties a run's journal to where its scores come from.

    Raises:
        RunError: they come from somewhere else: another supernet, other images, another file; or
            the journal is damaged.
    """
    journal.bind_scores(scores.identity)
    if journal.bound(_INFO) is None:
        journal.bind(_INFO, scores.info.to_json())
    check_scores(journal, scores.info)


def check_scores(journal: Journal, info: ScoreInfo) -> None:
    """Refuses scores of the journal that are impossible for their estimator.

    Raises:
        RunError: one is, as an accuracy of 250 %.
    """
    for score in journal.extreme_scores():
        if not info.possible(score):
            raise journal.damaged(f"a score is {score:g}, which is not an accuracy in percent")


def identity_of(journal: Journal) -> str:
    """The identity of the journal's scores: a hash of all that they are bound to.

    The path of a CSV is left out: what it holds counts.
    """
    bound = journal.bindings()
    bound.pop(_INFO, None)
    return bindings_digest(bound)


def bindings_digest(bound: Mapping[str, Any]) -> str:
    """A hash of all that scores are bound to, in any order."""
    return digest(json.dumps(bound, sort_keys=True))


def info_of(journal: Journal) -> ScoreInfo:
    """What the journal's scores are.

    Raises:
        RunError: the journal is damaged.
    """
    text = journal.bound(_INFO)
    try:
        return ScoreInfo.from_json(text or "")
    except ValueError as error:  # pydantic's among them
        raise journal.damaged(f"it does not say what its scores are ({text})") from error
