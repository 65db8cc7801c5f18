"""The real TensorRTs, as far as they are here without a GPU: their signatures."""

import json
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.packages import installed

STUBS = Path(__file__).parent / "stubs" / "nvinfer.c"
# Flavour, and the version of its bindings.
FLAVOURS = (
    ("tensorrt", "10.16.1.11"),
    ("tensorrt", "11.4.0.106"),
    ("tensorrt_rtx", "1.7.1.116"),
)


@cache
def signatures(flavour: str, version: str) -> dict[str, Any]:
    """What the program `signatures` says of a flavour's Python module."""
    if flavour == "tensorrt_rtx":
        return _described("tensorrt_rtx")
    folder = installed("tensorrt-cu13-bindings", version)
    with tempfile.TemporaryDirectory() as stubs:
        libraries = _stubs(Path(stubs), version.partition(".")[0])
        return _described("tensorrt_bindings", folder, *libraries)


def _described(*arguments: str | Path) -> dict[str, Any]:
    program = [sys.executable, Path(__file__).with_name("signatures.py"), *arguments]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _stubs(folder: Path, major: str) -> list[Path]:
    made = [
        folder / f"lib{name}.so.{major}" for name in ("nvinfer", "nvinfer_plugin", "nvonnxparser")
    ]
    for library in made:
        compile_library(STUBS, library)
    return made


def compile_library(source: Path, library: Path) -> None:
    """Makes a shared library of a file in C, by the compiler of the system or by zig."""
    ours = shutil.which("cc")
    compiler = [ours] if ours else [sys.executable, "-m", "ziglang", "cc"]
    flags = ["-shared", "-fPIC", f"-Wl,-soname,{library.name}", "-o", str(library)]
    subprocess.run([*compiler, *flags, str(source)], check=True)
