"""RunInputs: what a run folder holds of the files that its config names, in `inputs.json`.

With them a run can be moved and copied: its report needs nothing outside of it, its export the
images and the device.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from hwnas.core.configs import StrictModel
from hwnas.core.errors import HwnasError, RunError
from hwnas.core.foreign_text import shown
from hwnas.core.invalid import first_error
from hwnas.devices.device import Device, Fingerprint
from hwnas.latency.anchors import Anchor
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.family import read_model
from hwnas.latency.model import LatencyModel
from hwnas.latency.visits import Speed
from hwnas.networks.blocks import block_from_dict
from hwnas.spaces.choices_file import ChoicesFile
from hwnas.spaces.config import SpaceFile

FILE = "inputs.json"
TIMING_CACHE = "timing_cache.bin"
FORMAT: Literal["inputs of a hwnas run 1"] = "inputs of a hwnas run 1"


def _path(text: str) -> str:
    if "\0" in text:
        raise ValueError("a path may not contain NUL")
    return text


def _readable(read: Callable[[dict[str, Any]], object]) -> AfterValidator:
    """Checks a document by reading it."""

    def check(content: dict[str, Any]) -> dict[str, Any]:
        try:
            read(content)
        except (HwnasError, KeyError, TypeError) as error:
            raise ValueError(str(error)) from error
        return content

    return AfterValidator(check)


PathText = Annotated[str, AfterValidator(_path)]
FingerprintContent = Annotated[dict[str, Any], _readable(Fingerprint.from_dict)]
LatencyContent = Annotated[dict[str, Any], _readable(partial(read_model, LatencyModel))]
BlockContent = Annotated[dict[str, Any], _readable(block_from_dict)]
Milliseconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
EnergyContent = Annotated[dict[str, Any], _readable(partial(read_model, EnergyModel))]


class HeldImages(StrictModel):
    """What is known of a run's images.

    Attributes:
        found: where they were read last: a whole path, or the name of a dataset.
        classes: their names, in the order of the labels.
        fingerprint: see `ImageDataset.fingerprint`; None until they are read for the first time.
        decoder: with which version of Pillow they were read, since its pixels may differ.
    """

    found: PathText
    classes: tuple[str, ...]
    fingerprint: str | None = None
    decoder: str = ""


class HeldLatency(StrictModel):
    """The latency model that a run was searched with.

    Attributes:
        table: the whole path of the table that it is from.
        scope: of the model in it, see `hwnas.runs.latencies.scope_text`.
        fingerprint: of the device that was measured; None where the table names none.
        model: see `LatencyModel.to_dict`; of several resolutions and widths, `FamilyModel.to_dict`.
        speed: what the reference block takes on that device in ms, undisturbed and usually (see
            `hwnas.latency.visits.Speed`); None where the table does not say.
        anchors: the blocks and the latency in ms of some networks that the table has measured.
    """

    table: PathText
    scope: str
    fingerprint: FingerprintContent | None
    model: LatencyContent
    speed: tuple[Milliseconds, Milliseconds] | None = None
    anchors: tuple[tuple[tuple[BlockContent, ...], Milliseconds], ...] = ()

    @property
    def known_speed(self) -> Speed | None:
        """The same as a value."""
        return None if self.speed is None else Speed(*self.speed)

    @property
    def known_anchors(self) -> list[Anchor]:
        """The same as values."""
        return [Anchor(tuple(map(block_from_dict, blocks)), ms) for blocks, ms in self.anchors]


class RunInputs(StrictModel):
    """What a run was made of.

    Attributes:
        format: of this file.
        made_in: the working folder that paths of the run's config are relative to.
        made_in_from_run: the same, relative to the run folder.
        space: the content of the space's file; None where it is to be read again.
        devices: the content of device files by the names that the config calls them.
        images: None for a config without any.
        digests: SHA-256 of further files, by the key of the config that names them.
        latency: None until the run is searched.
        further: the latency model of each further device, by the name of its budget.
        energy: the energy model, where a budget is on it.
        timing_cache: SHA-256 of the file `timing_cache.bin`, where the device's runtime has such a
            cache.
        choices: the content of the file of the choices of the space that stay; None where all do.
    """

    format: Literal["inputs of a hwnas run 1"]
    made_in: PathText
    made_in_from_run: PathText
    space: SpaceFile | None
    devices: dict[str, Device]
    images: HeldImages | None = None
    digests: dict[str, str] = Field(default_factory=dict)
    latency: HeldLatency | None = None
    further: dict[str, LatencyContent] = Field(default_factory=dict)
    energy: EnergyContent | None = None
    timing_cache: str | None = None
    choices: ChoicesFile | None = None

    def to_json(self) -> str:
        """As a JSON text; defaults are left out, since a device may only name keys of its own."""
        return json.dumps(self.model_dump(mode="json", exclude_defaults=True), indent=1) + "\n"


def read_inputs(run: Path) -> RunInputs | None:
    """What a run folder holds; None where nothing is held yet.

    Raises:
        RunError: the file is damaged or of another version.
    """
    path = run / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    try:
        return RunInputs.model_validate(json.loads(text))
    except ValidationError as error:
        raise _damaged(path, first_error(error)) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, reason: str) -> RunError:
    return RunError(
        f"{path} is damaged or of another version of hwnas ({shown(reason)}); restore it from a "
        "copy, or remove it and run the same command in the folder where the run was made"
    )
