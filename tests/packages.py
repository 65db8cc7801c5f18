"""Packages that cannot live beside each other: each version in a folder of the user's cache."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs
import pytest

from hwnas.core.errors import DeviceError
from hwnas.core.lock import locked


def installed(package: str, version: str) -> Path:
    """A folder for `sys.path` with exactly this package, installed there once.

    Several test processes may ask at the same time; what is there is whole.
    """
    root = Path(platformdirs.user_cache_dir("hwnas-tests")) / f"python{sys.version_info.minor}"
    folder = root / f"{package}-{version}"
    root.mkdir(parents=True, exist_ok=True)
    busy = f"another process is installing {package} {version}"
    with locked(root / f".{folder.name}.lock", error=DeviceError, busy=busy, wait=True):
        if folder.is_dir():
            return folder
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=root))
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            str(part),
            f"{package}=={version}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(part)
            cause = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            pytest.fail(
                f"{package} {version} is needed once, from the package index, and pip says: {cause}"
            )
        part.rename(folder)
    return folder
