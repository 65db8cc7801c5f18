"""SearchState: how far a search is, in a small file that other processes read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hwnas.core.errors import RunError
from hwnas.core.files import write_atomically
from hwnas.search.executors.executor import WorkerState

FILE = "search.json"
"""In the run folder, while a search runs or after it was stopped."""


@dataclass(frozen=True)
class SearcherState:
    """How many of its evaluations one searcher has, of those that it may have."""

    name: str
    done: int
    limit: int


@dataclass(frozen=True)
class SearchState:
    """How far a search is.

    Attributes:
        written: when this was so, in seconds since 1970.
        seconds: since the search was begun or resumed.
        evaluated: how many networks were evaluated in this time, whatever came of it.
        searchers: in the order in which they search.
        stopped: how many networks' trainings were stopped early, ever.
        failed: how many evaluations failed, ever.
        best: the greatest score within the budgets so far; None for none.
        best_cost: the latency of that network in ms.
        score: what a score is called, with its unit, as in "accuracy (%)".
        asking: the name of the searcher whose networks are evaluated; "" before the first.
        workers: what each is at; empty where nothing is evaluated.
    """

    written: float
    seconds: float
    evaluated: int
    searchers: tuple[SearcherState, ...]
    stopped: int
    failed: int
    best: float | None
    best_cost: float | None
    score: str
    asking: str = ""
    workers: tuple[WorkerState, ...] = ()

    @property
    def per_hour(self) -> float | None:
        """Evaluations an hour; None before the first."""
        return 3600 * self.evaluated / self.seconds if self.evaluated and self.seconds else None

    @property
    def seconds_left(self) -> float | None:
        """Until the search ends, if all that is left has to be evaluated; None if not known."""
        left = sum(one.limit - one.done for one in self.searchers)
        return None if self.per_hour is None else 3600 * left / self.per_hour

    def to_dict(self) -> dict[str, Any]:
        """For documents."""
        return asdict(self) | {"per_hour": self.per_hour, "seconds_left": self.seconds_left}


def write_state(state: SearchState, folder: Path) -> None:
    """Writes the file of a run folder.

    Raises:
        HwnasError: it cannot be written.
    """
    write_atomically(folder / FILE, json.dumps(asdict(state)), lasting=False)


def read_state(folder: Path) -> SearchState | None:
    """What a search wrote last into a run folder; None where none runs or was stopped.

    Raises:
        RunError: the file is damaged, or cannot be read.
    """
    path = folder / FILE
    try:
        return TypeAdapter(SearchState).validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror or error}") from error
    except ValidationError as error:
        raise RunError(f"{path} is damaged; remove it, nothing depends on it") from error
