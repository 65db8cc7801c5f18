"""A device that keeps to its job and takes the same times for the same graphs, always."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.hostile.answers import FACTS, transports


@contextmanager
def honest_device() -> Iterator[None]:
    """This machine's graphs are timed by such a device."""
    with transports({"local": lambda *_: _Honest()}):
        yield


class _Honest:
    """A transport to it: a graph takes longer, the larger its file is."""

    sent_bytes = 0

    def __init__(self) -> None:
        self._bytes: dict[str, int] = {}

    def connect(self) -> None:
        """Nothing is between."""

    def push(self, units: Mapping[str, Path]) -> None:
        """Looks at the files."""
        self._bytes |= {name: path.stat().st_size for name, path in units.items() if path.is_file()}

    def run(self, command: Sequence[str], given: str, last: Any = None) -> Iterator[str]:
        """Does a job of visits."""
        from hwnas.devices.job import Job

        del command, last
        job, visits = Job.from_text(given), 0
        yield self._line(job.nonce, event="ready", facts=FACTS)
        for number, order in job.rounds:
            for graph in order:
                ms = 0.02 + 1e-6 * self._bytes[job.graphs[graph]]
                samples = [ms, 1.01 * ms, 1.02 * ms]
                yield self._line(job.nonce, event="visit", round=number, graph=graph, ms=samples)
                visits += 1
            yield self._line(job.nonce, event="round", round=number, conditions={"mhz": 2000.0})
        yield self._line(job.nonce, event="done", visits=visits)

    def _line(self, nonce: str, **content: Any) -> str:
        return json.dumps({"nonce": nonce, **content})

    def close(self) -> None:
        """Nothing stays."""
