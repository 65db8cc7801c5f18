"""What a training did, for TensorBoard: `tensorboard --logdir RUN`."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.summary import scalar

from hwnas.core.errors import RunError


class TrainingLog:
    """Scalars by step, in an event file of its own for each call; without a folder, nothing.

    tensorboardX's `SummaryWriter` would write from another thread, and its `flush` does not wait
    for that: its parts are used instead.
    """

    def __init__(self, folder: Path | None, step: int) -> None:
        """Opens a log that begins, or goes on, after `step` steps.

        TensorBoard then leaves out what an interrupted training logged beyond that step.

        Raises:
            RunError: the folder cannot be written.
        """
        self._writer: EventsWriter | None = None
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = EventsWriter(str(folder / "events"), f".{step}")
        except OSError as problem:
            raise RunError(f"cannot write {folder}: {problem.strerror}") from problem
        self._add(step + 1, session_log=SessionLog(status=SessionLog.START))

    def write(self, step: int, scalars: Mapping[str, float]) -> None:
        """Adds values by name, after `step` steps."""
        if self._writer is not None:
            for name, value in scalars.items():
                self._add(step, summary=scalar(name, value))

    def flush(self) -> None:
        """Has all of it on disk: before a checkpoint, so that the log reaches as far as that."""
        if self._writer is not None:
            self._writer.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def _add(self, step: int, **content: Any) -> None:
        assert self._writer is not None
        self._writer.write_event(Event(wall_time=time.time(), step=step, **content))
