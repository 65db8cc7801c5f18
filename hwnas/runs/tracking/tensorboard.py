"""TensorBoard: beside the curves, which are always there, what came of a run."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.summary import hparams, scalar, text
from typing_extensions import override

from hwnas.core.errors import RunError
from hwnas.runs.tracking.tracker import Point, Tracked, Tracker

FOLDER = "result"
"""In the folder of the curves."""
# Other than the names of trainings' files, which are read back.
_CURVES = "curve"


class TensorBoardTracker(Tracker):
    """Config, figures and front in `tensorboard/result`, and the curves of the search beside it."""

    name = "tensorboard"

    @override
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "tensorboard" / FOLDER

    @override
    def check(self) -> None:
        """What it needs is always installed."""

    @override
    def keep(self, tracked: Tracked) -> str:
        try:
            shutil.rmtree(self._folder, ignore_errors=True)  # the earlier result
            self._folder.mkdir(parents=True)
            writer = EventsWriter(str(self._folder / "result"))
            for summary in self._summaries(tracked):
                writer.write_event(Event(wall_time=time.time(), step=0, summary=summary))
            writer.close()
            self._keep_search(tracked.search)
        except OSError as problem:
            raise RunError(f"cannot write {self._folder}: {problem.strerror}") from problem
        return f"tensorboard --logdir {self._folder.parent}"

    def _keep_search(self, points: Sequence[Point]) -> None:
        """Each curve in a folder of its own, which TensorBoard shows as a line of one chart."""
        curves: dict[Path, list[Point]] = {}
        for point in points:
            curves.setdefault(self._folder.parent / Path(point.name).parent, []).append(point)
        for folder, its in curves.items():
            shutil.rmtree(folder, ignore_errors=True)  # the earlier one
            folder.mkdir(parents=True)
            writer = EventsWriter(str(folder / _CURVES))
            for one in its:
                summary = scalar(Path(one.name).name, one.value)
                writer.write_event(Event(wall_time=one.time, step=one.step, summary=summary))
            writer.close()

    def _summaries(self, tracked: Tracked) -> list[Any]:
        found = [scalar(name, value) for name, value in tracked.figures.items()]
        config = "\n".join(f"    {key}: {value}" for key, value in tracked.parameters.items())
        found.append(text("config", config))
        if tracked.front:
            columns = list(tracked.front[0])
            rows = [columns, ["---"] * len(columns), *([*row.values()] for row in tracked.front)]
            found.append(text("front", "\n".join(f"| {' | '.join(row)} |" for row in rows)))
        return [*found, *hparams(dict(tracked.parameters), dict(tracked.figures))]
