"""How to install packages for the Python that runs a job."""

import sys
import sysconfig
from pathlib import Path


def own_python(packages: str, python: str = "python3") -> str:
    """How to make a Python environment that has some packages beside those of another Python.

    Args:
        packages: as pip takes them.
        python: the other Python.
    """
    return (
        f"make a Python environment there, '{python} -m venv --system-site-packages ~/hwnas && "
        f"~/hwnas/bin/pip install {packages}' (Debian, Raspberry Pi OS: after 'sudo apt install "
        "python3-venv'), and name it in the device's file by 'python: ~/hwnas/bin/python'"
    )


def pip_install(packages: str) -> str:
    """How to install packages for this Python.

    Into the Python of Debian and Raspberry Pi OS pip installs nothing ("externally managed").

    Args:
        packages: as a shell takes them: an extra in double quotes.
    """
    mark = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    if sys.prefix == sys.base_prefix and mark.is_file():
        return own_python(packages, sys.executable)
    return f"run '{sys.executable} -m pip install {packages}'"
