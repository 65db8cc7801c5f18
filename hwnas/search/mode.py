"""Mode: whether a search waits for all scores of a question, or takes each as it comes."""

from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["synchronous", "asynchronous"]

SYNCHRONOUS: Mode = "synchronous"
ASYNCHRONOUS: Mode = "asynchronous"


def mode_sentence(mode: Mode, *, workers: bool) -> str | None:
    """What a person should know of a search in this mode; None for nothing."""
    if mode == SYNCHRONOUS:
        return None
    if workers:
        return (
            "the search is asynchronous: what is found depends on which evaluation ends first, and "
            "is not the same another time"
        )
    return "the search is asynchronous, and without workers networks are judged one after another"
