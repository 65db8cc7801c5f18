"""The agent in Python: an archive of modules, for targets with python3 and the runtime."""

import io
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from hwnas.core.digests import digest
from hwnas.core.errors import DeviceError
from hwnas.devices.device import Device
from hwnas.devices.installing import own_python, pip_install

_PACKAGE = Path(__file__).parents[2]
# All that hwnas.devices.agent imports. They run with Python 3.10 and need no other package than
# those of the runtime.
_MODULES = (
    "core/__init__",
    "core/errors",
    "core/foreign_text",
    "core/reading",
    "core/registry",
    "core/spelling",
    "devices/__init__",
    "devices/affinity",
    "devices/agent",
    "devices/conditions",
    "devices/emulation",
    "devices/engine",
    "devices/health",
    "devices/health_files",
    "devices/health_gpu",
    "devices/installing",
    "devices/job",
    "devices/machine",
    "devices/nvml",
    "devices/uncontrolled",
)
_MAIN = """import sys
if sys.version_info < (3, 10):  # a message that Python 3.6 can print
    sys.stderr.write(
        "Python 3.10 or later is needed on the target, and this is %d.%d: set 'python' to a later "
        "one, or use 'agent: native'\\n" % sys.version_info[:2]
    )
    sys.exit(2)
from hwnas.devices.agent import main
sys.exit(main())
"""
_DATE = (1980, 1, 1, 0, 0, 0)


class PythonDeployment:
    """Sends the archive; the device's `python` runs it, on this machine the one that runs hwnas."""

    profiles: ClassVar[bool] = True

    def __init__(self, device: Device) -> None:
        """Takes the device."""
        self._local = not device.remote
        self._python = device.python or (sys.executable if self._local else "python3")
        self._name = device.name

    def units(self, folder: Path) -> Mapping[str, Path]:
        """The archive."""
        path = folder / _archive_name()
        if not path.is_file():
            path.write_bytes(archive())
        return {path.name: path}

    def command(self) -> Sequence[str]:
        """Python with the archive, whose modules come before those of the current folder."""
        python = self._python
        if self._local and python.startswith("~"):  # on other machines the shell expands it
            try:
                python = str(Path(python).expanduser())
            except RuntimeError as error:
                raise DeviceError(
                    f"no home folder is known for 'python: {python}' of {self._name}; write an "
                    "absolute path"
                ) from error
        return [python, _archive_name()]

    def identity(self) -> str:
        """Its name: the runtime is the target's own, and reports its version."""
        return "python"

    def missing(self, message: str) -> str:
        """How to bring Python, or a package, to the target."""
        if "No module named" in message:
            package = message.rsplit("No module named", 1)[1].strip(" '\"").partition(".")[0]
            fix = pip_install(package)
            if self._python != sys.executable:  # of another Python nothing is known
                fix = own_python(f"{package} psutil", self._python)
            return (
                f"{self._python} on {self._name} lacks the package {package}: {fix}; or use "
                "'agent: native', which needs no Python there"
            )
        return (
            f"{self._name} has no {self._python}: install it, set 'python' to its path, or use "
            "'agent: native', which needs no Python there"
        )


@cache
def archive() -> bytes:
    """A zip archive that Python runs as a program: equal modules make equal bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in _contents():
            file.writestr(zipfile.ZipInfo(name, _DATE), content)
    return target.getvalue()


def _contents() -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _MAIN.encode()
    yield "hwnas/__init__.py", b""  # the target needs no public API
    for module in _MODULES:
        yield f"hwnas/{module}.py", (_PACKAGE / f"{module}.py").read_bytes()
    for path in sorted((_PACKAGE / "devices" / "runtimes").glob("*.py")):
        yield f"hwnas/devices/runtimes/{path.name}", path.read_bytes()


@cache
def _archive_name() -> str:
    return f"agent-{digest(archive(), 32)}.pyz"
