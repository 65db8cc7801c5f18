"""The Pythons of this machine on which a distribution is tried out."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PROMISED = ("3.11", "3.12", "3.13")
"""What pyproject.toml's classifiers promise."""
THIS = "{}.{}".format(*sys.version_info)
"""That of the tests themselves."""
VERSIONS = tuple(os.environ.get("HWNAS_DIST_PYTHONS", "").split()) or PROMISED
"""Those that are tried here: all, unless the environment names some."""

_WHICH = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"


def python(version: str) -> Path:
    """An interpreter of this version that can make virtual environments.

    Skips the test, with the reason, where this machine has none.
    """
    found = _find(version)
    if found is None:
        pytest.skip(
            f"NOT TRIED on Python {version}: this machine has none that runs and has ensurepip "
            f"(looked for python{version} in PATH and in {_pyenv()}/versions)"
        )
    return found


@cache
def _find(version: str) -> Path | None:
    places = [Path(folder) / f"python{version}" for folder in os.get_exec_path()]
    # pyenv puts a shim into PATH that fails unless this version is switched on.
    places += sorted(_pyenv().glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    return next((place for place in places if _is(place, version)), None)


def _pyenv() -> Path:
    return Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))


def _is(place: Path, version: str) -> bool:
    if not shutil.which(place):
        return False
    done = subprocess.run([place, "-c", _WHICH], capture_output=True, text=True, check=False)
    return done.stdout.strip() == version
