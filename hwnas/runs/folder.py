"""The run folder: one experiment's files, its config, and one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import Any, Self

from devices.config import read_config
from devices.errors import RunError
from devices.files import may_be_written, remove_remains, write_atomically
from devices.lock import locked
from hwnas.accuracy import ESTIMATORS, SUPERNET
from hwnas.runs.config import RunConfig

# What a trained supernet, or scores from elsewhere, depend on; everything else may change between
# two commands.
FIXED = ("space", "resolution", "width", "from_ofa", "data", "train", "accuracy.source",
         "accuracy.teacher")  # fmt: skip
# What decides no weights: trained on a GPU, searched on a laptop.
FREE = ("train.device",)


class RunFolder:
    """Paths of a run, held by one process while it is open."""

    def __init__(self, path: Path) -> None:
        """Names a run folder; nothing is written before `open`."""
        self.path = path

    @property
    def config_file(self) -> Path:
        """The resolved config."""
        return self.path / "config.yaml"

    @property
    def journal_file(self) -> Path:
        """Every evaluation."""
        return self.path / "run.sqlite"

    @property
    def supernet_file(self) -> Path:
        """The trained supernet."""
        return self.weights_file(SUPERNET)

    def weights_file(self, estimator: str) -> Path:
        """What is trained for an estimator that needs it."""
        return self.path / str(ESTIMATORS[estimator].weights)

    @property
    def log_folder(self) -> Path:
        """How the supernet's training went, for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def front_file(self) -> Path:
        """The joined front."""
        return self.path / "front.csv"

    @property
    def summary_file(self) -> Path:
        """The figures of the exported winner."""
        return self.path / "summary.json"

    def export_folder(self, name: str) -> Path:
        """Where a network's files go."""
        return self.path / "export" / name

    def config(self) -> RunConfig:
        """The config of an existing run.

        Raises:
            RunError: this is no run folder.
        """
        if not self.config_file.is_file():
            raise RunError(
                f"{self.path} is not a run folder (it has no config.yaml); "
                "make one with 'hwnas train' and 'hwnas search'"
            )
        return read_config(self.config_file, RunConfig)

    def check_trained(self, estimator: str = SUPERNET) -> None:
        """Raises RunError unless the run has what an estimator needs trained."""
        if ESTIMATORS[estimator].weights is None:
            return
        weights = self.weights_file(estimator)
        if not weights.is_file():
            option = "" if estimator == SUPERNET else f" --estimator {estimator}"
            raise RunError(
                f"{self.path} has no trained {weights.stem}; run 'hwnas train{option}' with the "
                "same config first"
            )

    @contextmanager
    def open(self, config: RunConfig, *, reading: bool = False) -> Iterator[Self]:
        """Creates the folder with its config, or continues it when it belongs to this one.

        Of an existing run the stored config stays, until `adopt`. Search and fine-tuning settings
        may differ: what was trained and judged stays valid. A run that is only read may be another
        user's, and several processes may read it.

        Raises:
            RunError: another config's folder (the message names the key that differs), a folder
                of something else, or one that another process uses.
        """
        self.check(config)
        busy = f"another hwnas process is using {self.path}; wait for it"
        if not reading and self.path.is_dir() and not may_be_written(self.path):
            raise RunError(
                f"{self.path} may be read and not be written to; copy it to a folder of yours "
                f"('cp -r {self.path} COPY') and name the copy"
            )
        with locked(self.path / ".lock", error=RunError, busy=busy, reading=reading):
            if not reading:
                remove_remains(self.path, depth=2)
            if not self.config_file.is_file():
                self.adopt(config)
            yield self

    def adopt(self, config: RunConfig) -> None:
        """Makes this the run's config: what `export` and `report` go by."""
        write_atomically(self.config_file, config.to_yaml(), error=RunError)

    def check(self, config: RunConfig) -> None:
        """Raises RunError when the folder is another config's or something else."""
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"{self.path} is a file; name another run folder with --run")
        if not self.config_file.is_file():
            # The remains of a process that was killed while it began are no reason to refuse.
            found = list(self.path.iterdir()) if self.path.is_dir() else []
            if any(item.name[0] != "." for item in found):
                raise RunError(
                    f"{self.path} is not empty and not a run folder; name another one with --run"
                )
            return
        before = self.config().model_dump(mode="json")
        after = config.model_dump(mode="json")
        for key in FIXED:
            difference = _difference(key, _at(before, key), _at(after, key))
            if difference:
                raise RunError(
                    f"{self.path} belongs to another config: {difference}; "
                    "name another folder with --run, or remove this one to start over"
                )


def _at(content: dict[str, Any], key: str) -> Any:
    return reduce(lambda node, part: node[part], key.split("."), content)


def _difference(key: str, before: Any, after: Any) -> str | None:
    if key in FREE:
        return None
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before:
            found = _difference(f"{key}.{name}", before[name], after.get(name))
            if found:
                return found
        return None
    return None if before == after else f"{key} is {before!r} there and {after!r} here"
