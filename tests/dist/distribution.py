"""The wheel and the sdist that `make dist` made, and the wheel that is built from the sdist."""

import email
import tarfile
import zipfile
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Distribution:
    """The files that are uploaded, and a wheel made of the sdist as pip makes one."""

    wheel: Path
    sdist: Path
    sdist_wheel: Path

    def wheel_names(self) -> set[str]:
        """The files in the wheel, without its own metadata."""
        with zipfile.ZipFile(self.wheel) as archive:
            return {name for name in archive.namelist() if ".dist-info/" not in name}

    def sdist_names(self) -> set[str]:
        """The files in the sdist, relative to its one folder."""
        with tarfile.open(self.sdist) as archive:
            return {member.name.partition("/")[2] for member in archive.getmembers()}

    def metadata(self) -> Message:
        """What the wheel says of itself: name, version, requirements, classifiers."""
        with zipfile.ZipFile(self.wheel) as archive:
            name = next(name for name in archive.namelist() if name.endswith("dist-info/METADATA"))
            return email.message_from_bytes(archive.read(name))


def only(folder: Path, pattern: str) -> Path:
    """The one file of this pattern."""
    found = sorted(folder.glob(pattern))
    assert len(found) == 1, f"{folder} holds {len(found)} files {pattern}; run 'make dist'"
    return found[0]
