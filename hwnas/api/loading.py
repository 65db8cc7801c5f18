"""Loading what a search is made of: devices, spaces, latencies, estimators."""

from pathlib import Path
from typing import Any

from hwnas.api.checks import check_positive, check_space
from hwnas.api.progress import PythonListener
from hwnas.core.configs import parse_config
from hwnas.devices.device import Device
from hwnas.devices.device import load_device as load_device_file
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.model import LatencyModel
from hwnas.latency.profile import load_model
from hwnas.latency.table import LatencyTable
from hwnas.runs.latencies import scope_of
from hwnas.runs.model_warnings import warn_of_model
from hwnas.runs.profiling import energy_of
from hwnas.spaces import SearchSpace
from hwnas.spaces import load_space as load_space_file


def load_device(name: str | Path, /, **changes: Any) -> Device:
    """A device by its name or by the path of its YAML file.

    Args:
        name: of a shipped device ("local_cpu"), one of your own (`hwnas devices add`), or a path.
        changes: keys of the file that are to have other values: `threads=2`, `name="two_threads"`.

    Raises:
        HwnasError: there is no such device, or a key or value is wrong.
    """
    device = load_device_file(str(name))
    if not changes:
        return device
    return parse_config({**device.model_dump(exclude_unset=True), **changes}, Device, str(name))


def load_space(
    name: str | Path,
    *,
    resolution: int | None = None,
    classes: int | None = None,
    width: float | None = None,
) -> SearchSpace:
    """A search space by its name or by the path of its YAML file.

    Args:
        name: of a shipped space ("mobilenet_v3_small"), or a path.
        resolution: height and width of the images in pixels; the space's own by default.
        classes: of the labels; the space's own by default.
        width: multiplies the channels of stem, stages and head.

    Raises:
        HwnasError: there is no such space, or its blocks do not fit together.
    """
    if width is not None:
        check_positive(width, "width")
    return load_space_file(str(name), resolution=resolution, classes=classes, width=width)


def load_latency(table: str | Path, space: SearchSpace) -> LatencyModel:
    """The latency model of a space from a table that was measured or imported before.

    Warns of one that cannot be relied on.

    Args:
        table: the SQLite file of `profile(..., table=...)`, of `hwnas profile`, or of
            `hwnas table import`.
        space: at the resolution, width and number of classes that it was measured for.

    Raises:
        HwnasError: there is no such table, or it lacks blocks of the space.
    """
    check_space(space, family=False)
    with LatencyTable.existing(Path(table)) as opened:
        model = load_model(opened, scope_of(space), space.blocks())
    warn_of_model(PythonListener(), model)
    return model


def load_energy(table: str | Path, space: SearchSpace) -> EnergyModel:
    """The energy model of a space from a table that was measured before, in mJ an inference.

    Warns of one that cannot be relied on.

    Args:
        table: the SQLite file of `hwnas profile --energy`.
        space: at the resolution, width and number of classes that it was measured for.

    Raises:
        HwnasError: there is no such table, or it holds no energies of the space.
    """
    check_space(space, family=False)
    model = energy_of(space, Path(table))
    warn_of_model(PythonListener(), model)
    return model
