"""Bundle: a folder with everything that a target without Python needs to run jobs.

It is made by `hwnas devices bundle` (`hwnas.devices.bundle_build`), or by hand, and holds files, no
folders and no links, among them `bundle.json`:

    {"format": 1,
     "arch": "aarch64",                        what 'uname -m' says on the target
     "onnxruntime": "1.31.1",
     "packages": {"libc6": "2.36-9", ...},     the sources of the other files; may be left out
     "command": ["agent", "libonnxruntime.so"],
     "hash": "5f0c..."}                        of the whole bundle; may be left out

A word of the command is an option (it begins with "-"), a file of the bundle, or "." for the
bundle's folder.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hwnas.core.cache import cache_folder
from hwnas.core.configs import StrictModel, parse_config
from hwnas.core.digests import digest
from hwnas.core.errors import DeviceError
from hwnas.core.files import write_atomically

ARCHITECTURES = ("aarch64", "x86_64")
MANIFEST = "bundle.json"
SOURCES = Path(__file__).resolve().parent / "native_agent"
"""Of the native agent, in C."""
_FORMAT: Literal[1] = 1
_LIBRARY = re.compile(r"\.so(\.|$)")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")

_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9._+=,~:-]+$")]


class Manifest(StrictModel):
    """The content of `bundle.json`."""

    format: Literal[1] = _FORMAT
    arch: _Word
    onnxruntime: _Word
    packages: Annotated[dict[_Word, _Word], Field(default_factory=dict)]
    command: Annotated[tuple[_Word, ...], Field(min_length=1)]
    hash: Annotated[str | None, Field(pattern=r"^[0-9a-f]{32}$")] = None


@dataclass(frozen=True)
class Bundle:
    """A whole bundle.

    Attributes:
        folder: that holds it.
        manifest: its `bundle.json`.
        hash: of the names and contents of its files, and of its manifest.
        size: of all files, in bytes.
    """

    folder: Path
    manifest: Manifest
    hash: str
    size: int

    @property
    def unit(self) -> str:
        """Its name on a target."""
        return f"bundle-{self.hash}"

    @cached_property
    def libraries(self) -> str:
        """A short hash of names and contents of the shared libraries.

        Raises:
            DeviceError: one cannot be read.
        """
        found = ""
        try:
            for path in sorted(self.folder.iterdir()):
                if _LIBRARY.search(path.name):
                    found += f"\0{path.name} {digest(path.read_bytes(), 64)}"
        except OSError as error:
            raise DeviceError(f"cannot read the bundle {self.folder}: {error.strerror}") from error
        return digest(found, 8)

    @property
    def command(self) -> list[str]:
        """The agent's program and its arguments, beside the unit."""
        return [
            word if word.startswith("-") else self.unit if word == "." else f"{self.unit}/{word}"
            for word in self.manifest.command
        ]


def read_bundle(folder: Path) -> Bundle:
    """The bundle in a folder.

    Raises:
        ConfigError: its `bundle.json` is wrong.
        DeviceError: the folder holds no bundle, or a file is missing or was changed.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {path.name: path for path in folder.iterdir() if path.name != MANIFEST}
    except OSError as error:
        raise DeviceError(
            f"{folder} is not a bundle: its {MANIFEST} cannot be read ({error.strerror}); make a "
            "bundle with 'hwnas devices bundle', or by hand as docs/guides/device.md says"
        ) from error
    except ValueError as error:
        raise DeviceError(f"{folder / MANIFEST} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise DeviceError(f"{folder / MANIFEST} must hold one JSON object")
    manifest = parse_config(content, Manifest, str(folder / MANIFEST))
    _check(folder, files, manifest.command)
    try:
        found, size = _hash(files, manifest)
    except OSError as error:
        raise DeviceError(f"cannot read the bundle {folder}: {error.strerror}") from error
    if manifest.hash not in (None, found):
        raise DeviceError(
            f"the bundle {folder} was changed after it was made; make it again, or, if the change "
            f"is yours, remove 'hash' from its {MANIFEST}"
        )
    return Bundle(folder, manifest, found, size)


def write_manifest(folder: Path, manifest: Manifest) -> Bundle:
    """Makes a folder of files a bundle.

    Raises:
        DeviceError: it cannot be written.
    """
    files = {path.name: path for path in folder.iterdir()}
    _check(folder, files, manifest.command)
    found, size = _hash(files, manifest)
    whole = manifest.model_copy(update={"hash": found})
    text = json.dumps(whole.model_dump(mode="json"), indent=1) + "\n"
    write_atomically(folder / MANIFEST, text, error=DeviceError)
    return Bundle(folder, whole, found, size)


def cached_folder(arch: str) -> Path:
    """The folder of the bundle for an architecture, for this hwnas and this ONNX Runtime."""
    made_of = f"{_FORMAT} {local_onnxruntime()}".encode()
    for path in sorted(SOURCES.glob("*.[ch]")):
        made_of += f"\0{path.name}\0".encode() + path.read_bytes()
    return cache_folder() / "bundles" / f"{arch}-{digest(made_of)}"


def find_bundle(arch: str) -> Bundle | None:
    """The bundle for an architecture if it has been made, else None.

    Raises:
        DeviceError: the bundle was damaged.
    """
    folder = cached_folder(arch)
    return read_bundle(folder) if folder.is_dir() else None


def local_onnxruntime() -> str:
    """The version of the ONNX Runtime on this machine, which targets use as well."""
    import onnxruntime  # only where a target needs a bundle

    return str(onnxruntime.__version__)


def _check(folder: Path, files: Mapping[str, Path], command: tuple[str, ...]) -> None:
    for name, path in files.items():
        if not _FILE.fullmatch(name) or path.is_symlink() or not path.is_file():
            raise DeviceError(
                f"a bundle holds plain files only, and {folder} holds '{name}'; remove it, or put "
                "the file itself in the place of a link"
            )
    for word in command:
        if word != "." and not word.startswith("-") and word not in files:
            raise DeviceError(
                f"the command of {folder / MANIFEST} names '{word}', which is not a file beside it"
            )
    if not os.access(files.get(command[0], folder / MANIFEST), os.X_OK):
        raise DeviceError(
            f"the command of {folder / MANIFEST} begins with '{command[0]}', which is not a "
            "program; name a file of the bundle, and make it executable with 'chmod +x'"
        )


def _hash(files: Mapping[str, Path], manifest: Manifest) -> tuple[str, int]:
    """The hash of a bundle, and its size."""
    about = json.dumps(manifest.model_dump(mode="json", exclude={"hash"}), sort_keys=True)
    found, size = about, 0
    for name, path in sorted(files.items()):
        content = path.read_bytes()
        mode = "x" if os.access(path, os.X_OK) else "-"
        found += f"\0{name} {mode} {digest(content, 64)}"
        size += len(content)
    return digest(found, 32), size
