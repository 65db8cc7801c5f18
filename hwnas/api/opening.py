"""open_run: what the commands do, from Python."""

from pathlib import Path
from typing import Any

from hwnas.api.progress import Told
from hwnas.api.run import Run


def open_run(config: str | Path, folder: str | Path | None = None, **overrides: Any) -> Run:
    """A run, whose stages do what the commands of their names do.

    Args:
        config: a config's name, the path of its YAML file, or a run folder.
        folder: of the run; by default `runs/<config>`.
        overrides: keys of the config that are to have other values: `resolution=64`; a nested one
            as in `**{"train.epochs": 3}`.

    Raises:
        HwnasError: there is no such config, it is wrong, or the folder is another config's.
    """
    return Run.open(config, folder, Told(), overrides=overrides)
