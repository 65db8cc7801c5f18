"""open_run: what the commands do, from Python."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwnas.api.progress import PythonListener
from hwnas.api.run import Run


def open_run(
    config: str | Path,
    folder: str | Path | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    data: str | None = None,
    pretrained: str | Path | Mapping[str, Any] | None = None,
) -> Run:
    """A run, whose stages do what the commands of their names do; nothing is written yet.

    Args:
        config: a config's name, the path of its YAML file, or a run folder.
        folder: of the run; by default `runs/<config>`.
        overrides: values in place of the config's, by dotted keys: `{"train.epochs": 3}`.
        data: the images in place of those that the config names, or where they are now.
        pretrained: the network to start from, in place of the config's: a file of weights,
            "timm:NAME", or the keys of the config: `{"file": FILE, "network": NAME}`.

    Raises:
        HwnasError: there is no such config, it is wrong, or the folder is another config's.
    """
    listener = PythonListener()
    if pretrained is None:
        return Run.open(config, folder, listener, overrides=overrides, data=data)
    named = {**(overrides or {}), "pretrained": pretrained}
    return Run.open(config, folder, listener, overrides=named, data=data)
