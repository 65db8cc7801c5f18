"""From a config's name, or a run folder, to the experiment that it describes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hwnas.data.loading import one_spelling
from hwnas.runs.config import RunConfig, load_run_config
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder, run_of_config
from hwnas.runs.latencies import named_table
from hwnas.runs.sources import NOTHING_HELD, Sources


def load_with(name: str, overrides: Mapping[str, Any]) -> RunConfig:
    """The config of a name or a path, some keys replaced.

    A config's `table` is that of its device: another `device` comes with its own table.

    Args:
        name: of a shipped config, or the path of a YAML file.
        overrides: values by dotted keys, as in {"train.epochs": 3}.

    Raises:
        ConfigError: there is no such config, or it or a value is wrong.
    """
    changed = dict(overrides)
    device = changed.get("device")
    if isinstance(device, str) and "table" not in changed:  # anything else is refused below
        others = {key: value for key, value in changed.items() if key != "device"}
        changed["table"] = named_table(load_run_config(name, others), device, _sources(name))
    return load_run_config(name, changed)


def experiment_of(name: str, config: RunConfig, folder: Path | None = None) -> Experiment:
    """The experiment of a config that was loaded, some of its keys replaced.

    A run's own `config.yaml` is used with what its run holds, but for what was replaced.

    Args:
        name: of the config, or its path.
        config: what was loaded.
        folder: of its run, None where there is none.

    Raises:
        RunError: what the run holds is damaged.
    """
    sources = replace(_sources(name), beside=folder)
    if sources.inputs is not None:
        sources = sources.without(load_run_config(name), config)
    return Experiment(config, sources)


def experiment_in(folder: RunFolder, data: str | None = None) -> Experiment:
    """The experiment of a run folder, by its own config and what it holds, wherever it is.

    Args:
        folder: of the run.
        data: where its images are now, if not where they were.

    Raises:
        RunError: this is not a run folder, or what it holds is damaged.
    """
    config = folder.config()
    images = data and one_spelling(data)
    return Experiment(config, replace(folder.sources(as_searched=True), images=images))


def folder_of(name: str) -> Path:
    """The run folder of a config: the one whose own config it is, or its own under `runs/`."""
    own = run_of_config(name)
    return Path("runs") / Path(name).stem if own is None else own.path


def _sources(name: str) -> Sources:
    run = run_of_config(name)
    return NOTHING_HELD if run is None else run.sources()
