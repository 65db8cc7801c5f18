"""Loading what a search is made of: devices, spaces, latencies, estimators."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from hwnas.api.checks import check_positive, check_space
from hwnas.api.progress import PythonListener
from hwnas.core.configs import parse_config
from hwnas.devices.device import Device
from hwnas.devices.device import load_device as load_device_file
from hwnas.estimators.loading import pretrained_of
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.family import AnyEnergy, AnyLatency, FamilyModel
from hwnas.latency.model import LatencyModel
from hwnas.latency.table import LatencyTable
from hwnas.runs.latencies import model_of
from hwnas.runs.model_warnings import warn_of_model
from hwnas.runs.profiling import energy_of
from hwnas.spaces import SearchSpace, Space
from hwnas.spaces import load_space as load_space_file
from hwnas.spaces.loading import several

if TYPE_CHECKING:  # loads PyTorch
    from hwnas.supernet.pretrained import Pretrained


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


@overload
def load_space(
    name: str | Path,
    *,
    resolution: int | None = None,
    classes: int | None = None,
    width: float | None = None,
    pretrained: "str | Path | Pretrained | None" = None,
    choices: str | Path | None = None,
    expansion_step: int | None = None,
) -> SearchSpace: ...


@overload
def load_space(
    name: str | Path,
    *,
    resolution: int | Sequence[int] | None = None,
    classes: int | None = None,
    width: float | Sequence[float] | None = None,
    pretrained: "str | Path | Pretrained | None" = None,
    choices: str | Path | None = None,
    expansion_step: int | None = None,
) -> Space: ...


def load_space(
    name: str | Path,
    *,
    resolution: int | Sequence[int] | None = None,
    classes: int | None = None,
    width: float | Sequence[float] | None = None,
    pretrained: "str | Path | Pretrained | None" = None,
    choices: str | Path | None = None,
    expansion_step: int | None = None,
) -> Space:
    """A search space by its name or by the path of its YAML file.

    Args:
        name: of a shipped space ("mobilenet_v3_small"), or a path.
        resolution: height and width of the images in pixels; the space's own by default. A list of
            several makes it a choice of the search.
        classes: of the labels; the space's own by default.
        width: multiplies the channels of stem, stages and head; a list makes it a choice too.
        pretrained: what the space "around_pretrained" is around: a file of weights, or what
            `hwnas.supernet.pretrained.read_pretrained` gave.
        choices: a file of the choices that stay, as `hwnas shrink` writes it; all by default.
        expansion_step: channels from one width of an inverted residual to the next, such as 8: all
            multiples from the least to the most; the space's own widths by default.

    Returns:
        Of several resolutions or widths a family of spaces, which stands wherever a space does.

    Raises:
        HwnasError: there is no such space, its blocks do not fit together, or the choices are
            another space's.
    """
    for one in several(width, "width"):
        if one is not None:
            check_positive(one, "width")
    if expansion_step is not None:
        check_positive(expansion_step, "expansion_step")
    network = pretrained_of(pretrained)
    return load_space_file(
        str(name),
        resolution=resolution,
        classes=classes,
        width=width,
        pretrained=network,
        choices=None if choices is None else str(choices),
        expansion_step=expansion_step,
    )


@overload
def load_latency(table: str | Path, space: SearchSpace) -> LatencyModel: ...


@overload
def load_latency(table: str | Path, space: Space) -> LatencyModel | FamilyModel[LatencyModel]: ...


def load_latency(table: str | Path, space: Space) -> AnyLatency:
    """The latency model of a space from a table that was measured or imported before.

    Warns of one that cannot be relied on.

    Args:
        table: the SQLite file of `profile(..., table=...)`, of `hwnas profile`, or of
            `hwnas table import`.
        space: at the resolution, width and number of classes that it was measured for; a family,
            at several.

    Raises:
        HwnasError: there is no such table, or it lacks blocks of the space.
    """
    check_space(space)
    with LatencyTable.existing(Path(table)) as opened:
        model = model_of(opened, space, LatencyModel)
    warn_of_model(PythonListener(), model)
    return model


@overload
def load_energy(table: str | Path, space: SearchSpace) -> EnergyModel: ...


@overload
def load_energy(table: str | Path, space: Space) -> EnergyModel | FamilyModel[EnergyModel]: ...


def load_energy(table: str | Path, space: Space) -> AnyEnergy:
    """The energy model of a space from a table that was measured before, in mJ an inference.

    Warns of one that cannot be relied on.

    Args:
        table: the SQLite file of `hwnas profile --energy`.
        space: at the resolution, width and number of classes that it was measured for; a family,
            at several.

    Raises:
        HwnasError: there is no such table, or it holds no energies of the space.
    """
    check_space(space)
    model = energy_of(space, Path(table))
    warn_of_model(PythonListener(), model)
    return model
