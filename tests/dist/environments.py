"""Virtual environments in which nothing but a wheel of hwnas, and what it requires, is installed.

Requirements are gigabytes where torch comes with CUDA. On the Python of the tests they are those of
`make install`, which took the same versions from the package index: a folder of links to what the
wheel requires, and to nothing else. On another Python they are installed once, into a folder of the
user's cache. Each fresh environment finds its folder through a `.pth` file; pip then finds all that
the wheel requires there, and is kept from asking the package index.
"""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import platformdirs
from packaging.requirements import Requirement

from tests.dist.distribution import ROOT, Distribution
from tests.dist.pythons import THIS

_CONSTRAINTS = ROOT / "constraints.txt"
_PTH = "requirements.pth"


@dataclass(frozen=True)
class Environment:
    """A virtual environment with a wheel of hwnas in it."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return next(self.folder.glob("lib/python3.*/site-packages"))

    @property
    def version(self) -> str:
        """Of Python: "3.11"."""
        return self.packages.parent.name.removeprefix("python")

    def names(self) -> set[str]:
        """What can be imported from its site-packages, without what a new environment has."""
        return {
            path.name
            for path in self.packages.iterdir()
            if path.name not in ("pip", "setuptools", "__pycache__", _PTH)
            and path.suffix != ".dist-info"
        }

    def hwnas(self, *words: str, cwd: Path) -> str:
        """What the installed command answers on stdout, in a folder outside of the repository."""
        return self.run(str(self.folder / "bin" / "hwnas"), *words, cwd=cwd)

    def run(self, *words: str, cwd: Path) -> str:
        """What a command answers on stdout; it must succeed."""
        done = subprocess.run(
            words, cwd=cwd, env=_surroundings(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{shlex.join(words)} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout


def environment(folder: Path, python: Path, wheel: Path, requirements: Path) -> Environment:
    """Makes one; pip takes the wheel, and must find each requirement of it."""
    _made(python, "-m", "venv", folder)
    made = Environment(folder)
    (made.packages / _PTH).write_text(f"{requirements}\n")
    # The one that Python 3.11 puts there is older than the one that torch requires.
    _made(made.python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools")
    _made(made.python, "-m", "pip", "install", "--quiet", "--no-index", wheel)
    return made


def linked_requirements(folder: Path, distribution: Distribution) -> Path:
    """Fills a folder with links to all that the wheel requires, in this process's environment."""
    assert "{}.{}".format(*sys.version_info) == THIS
    for package in _required(distribution.metadata().get_all("Requires-Dist", [])):
        assert package.files, f"nobody knows the files of {package.name}"
        for file in package.files:
            if ".." not in file.parts:  # a command, in a folder beside
                place = folder / file
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(Path(str(package.locate_file(file))))
    return folder


def _required(lines: Iterable[str]) -> Iterator[metadata.Distribution]:
    """What these lines of metadata require, and what that requires in its turn."""
    waiting, known = [(lines, ("",))], set[tuple[str, frozenset[str]]]()
    packages: dict[str, metadata.Distribution] = {}
    while waiting:
        lines, extras = waiting.pop()
        for one in map(Requirement, lines):
            marker, key = one.marker, (_normal(one.name), frozenset(one.extras))
            wanted = marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)
            if wanted and key not in known:
                known.add(key)
                package = packages[key[0]] = metadata.distribution(one.name)
                waiting.append((package.requires or [], ("", *one.extras)))
    return iter(packages.values())


def installed_requirements(python: Path, distribution: Distribution) -> Path:
    """A folder with all that the wheel requires, and not the wheel; installed there once."""
    root = Path(platformdirs.user_cache_dir("hwnas-tests")) / f"requirements-{python.name}"
    folder = root / _digest(distribution)
    if folder.is_dir() and _is_as_pinned(folder):
        return folder
    shutil.rmtree(root, ignore_errors=True)  # gigabytes that nobody needs any more
    root.mkdir(parents=True)
    part = Path(tempfile.mkdtemp(dir=root))
    _made(python, "-m", "venv", part / "venv")
    torch = next(line for line in _CONSTRAINTS.read_text().split() if line.startswith("torch=="))
    arguments = shlex.split(os.environ.get("HWNAS_PIP_ARGS", ""))
    pip = (part / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", *arguments)
    taken = part / "taken"
    _made(*pip, "--constraint", _CONSTRAINTS, "--target", taken, torch, distribution.wheel)
    for path in [*taken.glob("hwnas*"), taken / "bin"]:
        shutil.rmtree(path)
    taken.rename(folder)
    shutil.rmtree(part)
    return folder


def _digest(distribution: Distribution) -> str:
    required = "\n".join(sorted(distribution.metadata().get_all("Requires-Dist", [])))
    return hashlib.sha256(required.encode()).hexdigest()[:16]


def _is_as_pinned(folder: Path) -> bool:
    """Whether constraints.txt still names the versions that are there."""
    lines = [line.split("==") for line in _CONSTRAINTS.read_text().split() if "==" in line]
    pinned = {_normal(name): version for name, version in lines}
    return all(
        one.version.partition("+")[0] == pinned.get(_normal(one.name), one.version)
        for one in metadata.distributions(path=[str(folder)])
    )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _made(*words: str | Path) -> None:
    done = subprocess.run(words, env=_surroundings(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(map(str, words))} failed:\n{done.stderr}"


def _surroundings() -> dict[str, str]:
    """This process's environment, without what would lead to the repository."""
    left_out = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in left_out}
