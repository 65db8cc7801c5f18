"""Who follows long work: what begins, how far it is, what is worth knowing, what to look at."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Update(Protocol):
    """How far one stage is."""

    def __call__(self, done: int, total: int, note: str = "", below: Sequence[str] = ()) -> None:
        """Takes how far it is.

        Args:
            done: how much is done.
            total: how much there is in all.
            note: a few words beside it.
            below: further lines, which say what the work is at; until the next call.
        """


class Listener(Protocol):
    """Who follows the course of a run: a terminal, a notebook, a log, or nobody."""

    def say(self, text: str) -> None:
        """A sentence on what is happening."""

    def warn(self, text: str) -> None:
        """A sentence on what a person should look at; the same one may come more than once."""

    def progress(self, title: str, unit: str = "") -> AbstractContextManager[Update]:
        """A stage that begins, and ends with the context; `unit` is what is counted ("steps")."""

    def several(self, *titles: str, unit: str = "") -> AbstractContextManager[Sequence[Update]]:
        """Stages that run side by side, an update each; maybe from threads of their own."""


class Silent:
    """The listener that ignores everything."""

    def say(self, text: str) -> None:
        """Ignores it."""

    def warn(self, text: str) -> None:
        """Ignores it."""

    @contextmanager
    def progress(self, title: str, unit: str = "") -> Iterator[Update]:
        """An update that ignores everything."""
        del title, unit
        yield _ignore

    @contextmanager
    def several(self, *titles: str, unit: str = "") -> Iterator[Sequence[Update]]:
        """As many of them as there are titles."""
        del unit
        yield [_ignore] * len(titles)


SILENT = Silent()


def _ignore(done: int, total: int, note: str = "", below: Sequence[str] = ()) -> None:
    del done, total, note, below
