"""Asking: the questions of a searcher, held to the rules of searchers."""

from typing import Any

import numpy as np

from hwnas.core.errors import ConfigError
from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces.space import Architectures, check_choices, row_bytes


class Asking:
    """Asks a searcher, which may be a stranger's."""

    def __init__(self, searcher: Searcher) -> None:
        """Takes a searcher that was not asked yet."""
        self._searcher = searcher
        self._seen: set[bytes] = set()
        self._type = np.min_scalar_type(int(searcher.problem.space.choice_counts.max()))

    def note(self, rows: Architectures) -> None:
        """Takes architectures (N, L) that it must not ask for any more, since it was told them."""
        self._seen.update(self._keys(rows))

    def __call__(self) -> Architectures:
        """(N, L) what it asks for next.

        Raises:
            ConfigError: it breaks a rule.
        """
        name, problem = self._searcher.name, self._searcher.problem
        asked: Any = self._searcher.ask()
        is_array = isinstance(asked, np.ndarray)
        if not is_array or asked.shape[1:] != (problem.length,) or asked.dtype.kind not in "iu":
            what = f"an array of shape {asked.shape}" if is_array else type(asked).__name__
            raise ConfigError(
                f"the searcher {name} asked for {what}; its ask() has to return an (N, "
                f"{problem.length}) array of whole numbers"
            )
        rows: Architectures = asked
        try:
            check_choices(problem.space.name, problem.space.choice_counts, rows)
        except ValueError as error:
            raise ConfigError(f"the searcher {name} asked for a wrong choice: {error}") from error
        for number, key in enumerate(self._keys(rows)):
            if key in self._seen:
                raise ConfigError(
                    f"the searcher {name} asked again for {rows[number].tolist()}; its ask() must "
                    "not return an architecture twice"
                )
            self._seen.add(key)
        return rows

    def _keys(self, rows: Architectures) -> list[bytes]:
        """Of few bytes: there may be a million."""
        return row_bytes(rows.astype(self._type))
