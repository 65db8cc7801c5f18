"""Packages of other kinds than the machine's own, without a change to the machine's apt."""

import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tests.targets.parts import run
from tests.targets.sandbox import MissingPartError

CONFIGURED = Path("/etc/apt")


class PrivateApt:
    """Lists and downloads of its own, from the servers that the machine's apt uses."""

    def __init__(self, folder: Path, kind: Literal["deb", "deb-src"], architecture: str) -> None:
        self._options: list[str] = []
        for directory in ("state/lists/partial", "cache/archives/partial", "sources"):
            (folder / directory).mkdir(parents=True)
        (folder / "status").touch()  # Nothing is installed, as far as this apt knows.
        _copy_sources(kind, folder / "sources")
        for option in (
            f"Dir::State={folder / 'state'}",
            f"Dir::State::status={folder / 'status'}",
            f"Dir::Cache={folder / 'cache'}",
            "Dir::Etc::SourceList=/dev/null",
            f"Dir::Etc::SourceParts={folder / 'sources'}",
            f"APT::Architecture={architecture}",
            f"APT::Architectures={architecture}",
            "APT::Sandbox::User=root",  # Another user could not write to our folder.
            "Acquire::Languages=none",
            "Acquire::Retries=3",
        ):
            self._options += ["-o", option]
        self._get("update", folder=folder)

    def unpack(self, packages: Sequence[str], root: Path, downloads: Path) -> None:
        """Unpacks binary packages over each other, without their scripts."""
        downloads.mkdir()
        self._get("download", *packages, folder=downloads)
        for package in sorted(downloads.glob("*.deb")):
            run(["dpkg-deb", "-x", package, root])

    def source(self, package: str, version: str, folder: Path) -> Path:
        """The unpacked source of a package whose upstream version starts with ``version``."""
        folder.mkdir()
        self._get("source", package, folder=folder)
        unpacked = folder / f"{package}-{version}"
        if not unpacked.is_dir():
            found = [path.name for path in folder.iterdir() if path.is_dir()]
            raise MissingPartError(
                f"the apt sources of this machine have {found}, not {unpacked.name}: "
                "the targets need Debian 12"
            )
        return unpacked

    def _get(self, *arguments: str, folder: Path) -> None:
        command = ["apt-get", "-qq", *self._options, *arguments]
        run(command, folder, what=f"apt-get {' '.join(arguments)}")


def _copy_sources(kind: str, folder: Path) -> None:
    """The machine's own sources of this release, as sources of packages of this kind."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    suite = re.compile(rf"\s{re.escape(release)}(-\S+)?(\s|$)")
    parts = CONFIGURED / "sources.list.d"
    found = 0
    for file in [CONFIGURED / "sources.list", *sorted(parts.glob("*.list"))]:
        lines = file.read_text().splitlines() if file.exists() else []
        ours = [line for line in lines if line.startswith("deb ") and suite.search(line)]
        ours = [re.sub(r"\barch=\S+?(?=[\s\]])", "", line) for line in ours]
        ours = [re.sub(r"^deb(\s+\[\s*\])?", kind, line) for line in ours]
        (folder / file.name).write_text("\n".join(ours) + "\n")
        found += len(ours)
    for file in sorted(parts.glob("*.sources")):
        paragraphs = re.split(r"\n\s*\n", file.read_text())
        ours = [x for x in paragraphs if re.search(r"(?m)^Suites:", x) and suite.search(_suites(x))]
        ours = [re.sub(r"(?m)^Types:.*", f"Types: {kind}", x) for x in ours]
        ours = [re.sub(r"(?m)^Architectures:.*\n", "", x) for x in ours]
        (folder / file.name).write_text("\n\n".join(ours) + "\n")
        found += len(ours)
    if not found:
        raise MissingPartError(f"{CONFIGURED} names no source of packages for {release!r}")


def _suites(paragraph: str) -> str:
    return "".join(re.findall(r"(?m)^Suites:(.*)", paragraph))
