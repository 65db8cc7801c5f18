"""Child processes that a test kills, forked from one that has imported the large libraries."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

_PRELOADED = [
    "hypothesis",
    "numpy",
    "onnx",
    "onnxruntime",
    "pydantic",
    "pymoo.core.algorithm",
    "pytest",
    "scipy.stats",
    "sklearn.linear_model",
    "torch._dynamo",  # which PyTorch's DistributedDataParallel imports
    "yaml",
]

Say = Callable[[Any], None]
"""Tells the test something, from the child."""


class Child:
    """A process in a session of its own."""

    def __init__(self, process: ForkServerProcess, printed: Connection) -> None:
        self._process, self._said = process, printed

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.is_alive()

    def next(self) -> Any:
        """What it says next; waits for it."""
        return self._said.recv()

    def rest(self) -> list[Any]:
        """What it still says until it ends."""
        printed = []
        while True:
            try:
                printed.append(self._said.recv())
            except EOFError:
                return printed

    def end(self, ending: signal.Signals) -> None:
        """Sends a signal to it and to all that it has started."""
        assert self._process.pid is not None
        os.killpg(self._process.pid, ending)

    def code(self) -> int | None:
        """What it ends with, negative for a signal; waits for it."""
        self._process.join(600)
        return self._process.exitcode


@contextmanager
def forked(function: Callable[..., None], *arguments: Any) -> Iterator[Child]:
    """Runs `function(say, *arguments)`, of a module of tests, in a process of its own."""
    receiver, sender = _context().Pipe(duplex=False)
    surroundings = (dict(os.environ), Path.cwd())
    process = _context().Process(target=_run, args=(sender, surroundings, function, arguments))
    process.start()
    sender.close()
    with receiver:
        child = Child(process, receiver)
        assert child.next() == "begun"
        try:
            yield child
        finally:
            process.kill()
            process.join()
            process.close()


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _run(
    sender: Connection,
    surroundings: tuple[dict[str, str], Path],
    function: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    variables, folder = surroundings
    os.environ.update(variables)
    os.chdir(folder)
    sender.send("begun")
    function(sender.send, *arguments)
