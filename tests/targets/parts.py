"""What the targets are made of: programs from apt, and parts that are built once and cached."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.targets.sandbox import MissingPartError

HERE = Path(__file__).parent
MEND = "run tests/targets/install.sh as root"


def need(*programs: str) -> None:
    """Fails with one sentence when a program that a target is made of is missing."""
    if os.geteuid() != 0:
        raise MissingPartError("the targets need root: run pytest tests/targets as root")
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [program for program in programs if shutil.which(program, path=path) is None]
    if missing:
        raise MissingPartError(f"missing: {', '.join(missing)}; {MEND}")


def run(command: Sequence[str | Path], folder: Path | None = None, what: str = "") -> str:
    """The output of a command that must succeed; its last lines are in the error otherwise."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise MissingPartError(f"{what or command[0]} failed; {MEND}\n{tail}")
    return done.stdout


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Waits for what must become true soon."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def cached(name: str, recipe: Sequence[Path], build: Callable[[Path], None]) -> Path:
    """A folder that ``build`` filled, now or in an earlier session with the same recipe."""
    store = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hwnas-tests"
    store.mkdir(parents=True, exist_ok=True)
    folder = store / f"{name}-{_key(recipe)}"
    with _lock(store / f"{name}.lock"):
        if not folder.exists():
            for left in store.glob(f"{name}-building-*"):  # Of a session that was killed.
                shutil.rmtree(left)
            # A folder by its final name is complete: the last step of a build is its renaming.
            with tempfile.TemporaryDirectory(dir=store, prefix=f"{name}-building-") as unfinished:
                build(Path(unfinished) / "part")
                (Path(unfinished) / "part").rename(folder)
    return folder


def _key(recipe: Sequence[Path]) -> str:
    digest = hashlib.sha256(platform.freedesktop_os_release().get("VERSION_ID", "").encode())
    for file in sorted(recipe):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """One builder at a time, also among the workers of pytest-xdist."""
    with file.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
