"""Making a bundle: once per architecture, into the cache."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hwnas.core.errors import DeviceError
from hwnas.core.lock import locked
from hwnas.devices.bundle import (
    ARCHITECTURES,
    Bundle,
    Manifest,
    cached_folder,
    find_bundle,
    local_onnxruntime,
    read_bundle,
    write_manifest,
)
from hwnas.devices.bundle_parts import add_c_library, add_native_agent, add_onnxruntime

BundleProgress = Callable[[int, int, str], None]
"""Called with the steps that are done, the steps in all, and the name of the next step."""
_STEPS = ("the C library", "ONNX Runtime", "the native agent", "")
_LOADERS = {"aarch64": "ld-linux-aarch64.so.1", "x86_64": "ld-linux-x86-64.so.2"}


def build_bundle(arch: str, progress: BundleProgress = lambda *_: None) -> Bundle:
    """The bundle for an architecture; it is made when there is none, which takes a minute.

    Args:
        arch: one of `ARCHITECTURES`.
        progress: called before every step, and at the end.

    Raises:
        DeviceError: a program or the network is missing, or hwnas makes no bundles for that
            architecture.
    """
    if arch not in ARCHITECTURES:
        raise DeviceError(
            f"hwnas makes bundles for {' and '.join(ARCHITECTURES)}, not for '{arch}'; for other "
            "targets make one by hand, as docs/guides/device.md says"
        )
    folder = cached_folder(arch)
    if (found := _whole(arch)) is not None:
        return found
    lock = folder.parent / f"{folder.name}.lock"
    with locked(lock, error=DeviceError, busy=f"cannot lock {lock}", wait=True):
        if (found := _whole(arch)) is not None:  # made by another process meanwhile
            return found
        # Nobody else makes it now: what is unfinished was left by a process that was killed.
        for remains in folder.parent.glob(f"{folder.name}.*.partial"):
            shutil.rmtree(remains, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        try:
            with tempfile.TemporaryDirectory(
                dir=folder.parent, prefix=f"{folder.name}.", suffix=".partial"
            ) as partial:
                _fill(Path(partial), arch, progress).rename(folder)
        except OSError as error:
            raise DeviceError(
                f"cannot make a bundle in {folder.parent}: {error.strerror or error}; make room "
                "there, or name another folder in the environment variable HWNAS_CACHE"
            ) from error
    whole = _whole(arch)
    assert whole is not None
    return whole


def _whole(arch: str) -> Bundle | None:
    try:
        return find_bundle(arch)
    except DeviceError:  # a damaged one
        return None


def _fill(partial: Path, arch: str, progress: BundleProgress) -> Path:
    """Makes the bundle in a folder of `partial`."""
    folder, scratch = partial / "bundle", partial / "scratch"
    folder.mkdir()
    scratch.mkdir()
    progress(0, len(_STEPS) - 1, _STEPS[0])
    packages = add_c_library(folder, scratch, arch, _LOADERS[arch])
    progress(1, len(_STEPS) - 1, _STEPS[1])
    version = local_onnxruntime()
    library = add_onnxruntime(folder, scratch, arch, version)
    progress(2, len(_STEPS) - 1, _STEPS[2])
    compiler = add_native_agent(folder, scratch, arch)
    command = (_LOADERS[arch], "--library-path", ".", "agent", library)
    write_manifest(
        folder,
        Manifest(
            arch=arch, onnxruntime=version, packages={**packages, **compiler}, command=command
        ),
    )
    progress(3, len(_STEPS) - 1, _STEPS[3])
    return folder


def copy_bundle(bundle: Bundle, folder: Path) -> Bundle:
    """Copies a bundle into a folder that is empty or not there yet.

    Raises:
        DeviceError: the folder holds something else, or there is no room.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise DeviceError(f"{folder} exists and is not empty; name another folder")
        shutil.copytree(bundle.folder, folder, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise DeviceError(
            f"cannot copy the bundle to {folder}: {error}; make room there, or name another folder"
        ) from error
    return read_bundle(folder)
