"""Sources: where an experiment finds what its config names."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.core.configs import config_names
from hwnas.core.digests import SHA256, digest
from hwnas.core.errors import DataError, RunError
from hwnas.data.loading import class_names, is_name
from hwnas.devices.device import Device, load_device
from hwnas.runs.config import RunConfig
from hwnas.runs.inputs import TIMING_CACHE, HeldLatency, RunInputs
from hwnas.runs.pretrained_config import PretrainedConfig
from hwnas.spaces.choices_file import ChoicesFile, read_choices
from hwnas.spaces.config import SpaceFile, read_space

if TYPE_CHECKING:  # loads PyTorch
    from hwnas.supernet.pretrained import Pretrained


@dataclass(frozen=True)
class Sources:
    """What a run holds, and the folders that paths of its config may be relative to.

    Without a run, paths are relative to the working folder.

    Attributes:
        run: the run folder.
        inputs: what it holds; None where it holds nothing yet.
        folders: that relative paths are looked up in, the first one first.
        images: where the images are, in place of what the config says.
        as_searched: whether latencies are those that the run was searched with, whatever its table
            has become since; otherwise they count where the table is not found.
        beside: the folder of a run whose config is not its own: the pretrained network that it
            holds counts where the file is gone.
    """

    run: Path | None = None
    inputs: RunInputs | None = None
    folders: tuple[Path, ...] = ()
    images: str | None = None
    as_searched: bool = False
    beside: Path | None = None

    def without(self, before: RunConfig, after: RunConfig) -> "Sources":
        """The same for a run's config some of whose keys were replaced: these are looked up."""
        if self.inputs is None:
            return self
        gone: dict[str, None] = {}
        images = self.images
        if before.space_name != after.space_name:
            gone["space"] = None
        if before.space != after.space:
            gone["choices"] = None
        if after.data is not None and before.data != after.data:
            gone["images"] = None
            images = after.data.source
        if (before.device, before.table) != (after.device, after.table):
            gone |= {"latency": None, "energy": None}
        return replace(self, inputs=self.inputs.model_copy(update=gone), images=images)

    def home(self, path: str) -> Path:
        """The folder that the paths of the config are relative to, where one of them is found."""
        if self.inputs is not None:
            found = next((one for one in self.folders if one.is_dir()), Path())
        else:
            found = next((one for one in self.folders if (one / path).exists()), Path())
        return found.resolve()

    def find(self, text: str) -> str:
        """Where a file or folder of the config is: the first place where there is one."""
        wanted = Path(text)
        if wanted.is_absolute() and not wanted.exists() and self.inputs is not None:
            # Inside a project that was moved as a whole.
            inside = os.path.relpath(wanted, self.inputs.made_in) if self.inputs.made_in else ".."
            found = text if inside.startswith("..") else self.find(inside)
            return found if Path(found).exists() else text
        for folder in self.folders:
            if (folder / wanted).exists():
                return str(folder / wanted)
        return text

    def device(self, name: str) -> Device:
        """A device of the config: its file where that is found, else what the run holds.

        Raises:
            ConfigError: there is no such device, or its file is wrong.
        """
        path = is_path(name)
        found = self.find(name) if path else name
        held = self.inputs.devices.get(name) if self.inputs is not None else None
        if held is None:
            return load_device(found)
        here = Path(found).is_file() if path else name in config_names("devices")
        return load_device(found) if here else held

    def space(self, name: str) -> SpaceFile:
        """The space of the config: what the run holds, else its file.

        Raises:
            ConfigError: there is no such space, or its file is wrong.
        """
        if self.inputs is not None and self.inputs.space is not None:
            return self.inputs.space
        return read_space(self.find(name) if is_path(name) else name)

    def choices(self, path: str) -> ChoicesFile:
        """The choices of the config's space that stay: what the run holds, else their file.

        Raises:
            ConfigError: there is no such file, or it is wrong.
        """
        if self.inputs is not None and self.inputs.choices is not None:
            return self.inputs.choices
        return read_choices(self.find(path))

    def pretrained(self, named: PretrainedConfig) -> "Pretrained":
        """The pretrained network of the config: what the run holds, else its file.

        Raises:
            ConfigError: it cannot be read, or is none that can be used.
            RunError: what the run holds is damaged.
        """
        from hwnas.runs.held_pretrained import read_copy, read_named

        path = named.file if named.of_timm else self.find(named.file)
        if self.inputs is None and not named.of_timm and Path(path).exists():
            return read_named(named, path)
        for run in (self.run, self.beside):
            held = None if run is None else read_copy(run)
            if held is not None and held[0] == named:
                return held[1]
        return read_named(named, path)

    def image_source(self, source: str) -> str:
        """Where the images of the config are: a dataset's name, or a folder.

        Raises:
            DataError: the folder in which the run's images were is gone.
        """
        if self.images is not None:
            return self.images
        if is_name(source):
            return source
        held = self.inputs.images if self.inputs is not None else None
        if held is None or held.found in ("", source):  # "": its name is not Unicode
            return self.find(source)
        places = [place for place in (held.found, self.find(source)) if Path(place).exists()]
        if not places:
            raise DataError(
                f"the images of {self.run} were in {held.found}, which is not there; name the "
                "folder that they are in now with --data"
            )
        return places[0]

    def class_names(self, source: str) -> tuple[str, ...]:
        """The classes of the config's images, by what the run holds or by their folder.

        Raises:
            DataError: see `hwnas.data.class_names`.
        """
        if self.inputs is not None and self.inputs.images is not None:
            return self.inputs.images.classes
        return class_names(self.image_source(source))

    def latency(self, scope: str, table: Path) -> HeldLatency | None:
        """The latency model that the run holds, where it counts instead of that of a table."""
        held = self.inputs.latency if self.inputs is not None else None
        if held is None or held.scope != scope or not self._counts(table):
            return None
        return held

    def further(self, budget: str, table: Path) -> dict[str, object] | None:
        """The same of a further device."""
        held = self.inputs.further.get(budget) if self.inputs is not None else None
        return held if self._counts(table) else None

    def energy(self, table: Path) -> dict[str, object] | None:
        """The same of the energy model."""
        held = self.inputs.energy if self.inputs is not None else None
        return held if self._counts(table) else None

    def _counts(self, table: Path) -> bool:
        return self.as_searched or not table.is_file()

    def timing_cache(self) -> bytes:
        """The timing cache of the run's copy, b"" where it has none.

        Raises:
            RunError: it is damaged.
        """
        kept = self.inputs.timing_cache if self.inputs is not None else None
        if kept is None or self.run is None:
            return b""
        path = self.run / TIMING_CACHE
        content = path.read_bytes() if path.is_file() else b""
        if digest(content, SHA256) != kept:
            raise RunError(
                f"{path} is damaged or gone; restore it from a copy, or search again where the "
                "latency table is"
            )
        return content


NOTHING_HELD = Sources()
"""Where there is no run: paths are relative to the working folder."""


def is_path(name: str) -> bool:
    """Whether a config names a space or a device by the path of its file."""
    return "/" in name or name.endswith((".yaml", ".yml"))
