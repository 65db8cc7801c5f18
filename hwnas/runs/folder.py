"""The run folder: one experiment's files, its config, and one process at a time."""

import fcntl
import os
from pathlib import Path
from typing import Any, Self

from devices.config import read_config
from devices.errors import RunError
from devices.files import write_atomically
from hwnas.runs.config import RunConfig

# What a trained supernet depends on; everything else may change between two commands.
FIXED = ("space", "resolution", "data", "train")


class RunFolder:
    """Paths of a run, held by one process while it is open."""

    def __init__(self, path: Path) -> None:
        """Names a run folder; nothing is written before `open`."""
        self.path = path
        self._lock: int | None = None

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
        return self.path / "supernet.safetensors"

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
                "make one with 'hwnas train CONFIG' and 'hwnas search CONFIG'"
            )
        return read_config(self.config_file, RunConfig)

    def check_trained(self) -> None:
        """Raises RunError unless the run has a trained supernet."""
        if not self.supernet_file.is_file():
            raise RunError(
                f"{self.path} has no trained supernet; run 'hwnas train' with the same config first"
            )

    def open(self, config: RunConfig) -> Self:
        """Creates the folder, or continues it when it belongs to this config.

        Search and fine-tuning settings may change: what was trained and judged stays valid.

        Raises:
            RunError: another config's folder (the message names the key that differs), a folder
                of something else, or one that another process uses.
        """
        try:
            if self.path.is_dir() and any(self.path.iterdir()):
                self._check(config)
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"cannot use the run folder {self.path}: {error.strerror}") from error
        self._hold()
        write_atomically(self.config_file, config.to_yaml())
        return self

    def close(self) -> None:
        """Lets other processes use the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, config: RunConfig) -> None:
        names = {item.name for item in self.path.iterdir()} - {".lock"}
        if names and not self.config_file.is_file():
            raise RunError(
                f"{self.path} is not empty and not a run folder; name another one with --run"
            )
        if not names:
            return
        before = self.config().model_dump(mode="json")
        after = config.model_dump(mode="json")
        for key in FIXED:
            difference = _difference(key, before[key], after[key])
            if difference:
                raise RunError(
                    f"{self.path} belongs to another config: {difference}; "
                    "name another folder with --run, or remove this one to start over"
                )

    def _hold(self) -> None:
        self._lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise RunError(f"another hwnas process is using {self.path}; wait for it") from error


def _difference(key: str, before: Any, after: Any) -> str | None:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before:
            found = _difference(f"{key}.{name}", before[name], after.get(name))
            if found:
                return found
        return None
    return None if before == after else f"{key} is {before!r} there and {after!r} here"
