"""The bundles that tests run: the real one, one made by hand with sanitizers, one for arm64."""

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from hwnas.core.cache import FOLDER_VARIABLE
from hwnas.core.errors import DeviceError
from hwnas.core.lock import locked
from hwnas.devices.bundle import (
    SOURCES,
    Bundle,
    Manifest,
    local_onnxruntime,
    read_bundle,
    write_manifest,
)
from hwnas.devices.bundle_build import build_bundle

# Kept between sessions: a bundle takes half a minute, and the network.
STORE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hwnas-tests"
_QEMU = """#!/bin/sh
exec env QEMU_CPU=cortex-a72 qemu-aarch64-static -L ROOT "$@"
"""


@cache
def bundle(arch: str) -> Bundle:
    """The one that `hwnas devices bundle` makes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(STORE))
        return build_bundle(arch)


@cache
def sanitised() -> Bundle:
    """One made by hand, of a native agent that ends with a report at the first wrong access."""
    digest = hashlib.sha256(local_onnxruntime().encode())
    for source in sorted(SOURCES.glob("*.[ch]")):
        digest.update(source.read_bytes())
    folder = STORE / f"sanitised-{digest.hexdigest()[:16]}"
    with locked(STORE / f"{folder.name}.lock", error=DeviceError, busy="busy", wait=True):
        if not (folder / "bundle.json").is_file():
            _make_sanitised(folder)
    return read_bundle(folder)


def _make_sanitised(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    library = next(bundle("x86_64").folder.glob("libonnxruntime.so*"))
    shutil.copy(library, folder)
    # What the agent allocates it keeps to its end.
    (folder / "options.c").write_text(
        'const char *__asan_default_options(void) { return "detect_leaks=0"; }\n'
    )
    sources = [*sorted(map(str, SOURCES.glob("*.c"))), str(folder / "options.c")]
    subprocess.run(
        [
            "gcc",
            "-std=gnu11",
            "-O1",
            "-g",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
            *sources,
            "-ldl",
            "-o",
            folder / "agent",
        ],
        check=True,
    )
    manifest = Manifest(
        arch="x86_64",
        onnxruntime=local_onnxruntime(),
        packages={},
        command=("agent", library.name),
    )
    write_manifest(folder, manifest)


def emulated(folder: Path) -> Bundle:
    """The one for aarch64 with a program that starts it under QEMU, in an empty folder.

    ONNX Runtime crashes when it finds an x86 processor in /proc and /sys: QEMU shows it others.
    """
    (folder / "root/proc").mkdir(parents=True)
    (folder / "root/sys/devices/system/cpu").mkdir(parents=True)
    for name in ("possible", "present", "online"):
        (folder / "root/sys/devices/system/cpu" / name).write_text("0\n")
    (folder / "root/proc/cpuinfo").write_text(
        "processor\t: 0\nFeatures\t: fp asimd crc32 cpuid\nCPU implementer\t: 0x41\n"
        "CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n"
    )
    made, real = folder / "bundle", bundle("aarch64")
    shutil.copytree(real.folder, made)
    (made / "bundle.json").unlink()
    (made / "emulate").write_text(_QEMU.replace("ROOT", str(folder / "root")))
    (made / "emulate").chmod(0o755)
    command = ("emulate", *real.manifest.command)
    return write_manifest(made, real.manifest.model_copy(update={"command": command, "hash": None}))
