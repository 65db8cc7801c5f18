"""The daemon of adb: Debian packages the client only, but its source has both."""

import os
from pathlib import Path

from tests.targets.apt import PrivateApt
from tests.targets.parts import HERE, cached, need, run

_RECIPE = HERE / "adbd"


def adbd_folder() -> Path:
    """Builds adbd (a minute), or finds it in the cache: a folder to be /x86 of the target."""
    need("apt-get", "dpkg-source", "g++", "make")
    files = [file for file in _RECIPE.rglob("*") if file.is_file()]
    return cached("adbd", [*files, HERE / "adbd_build.py", HERE / "apt.py"], _build)


def _build(folder: Path) -> None:
    scratch = folder.parent
    apt = PrivateApt(scratch / "apt", "deb-src", "amd64")
    source = apt.source("android-platform-tools", "29.0.6", scratch / "source")
    jobs = len(os.sched_getaffinity(0))
    make = ["make", f"-j{jobs}", "-C", _RECIPE, f"SOURCE={source}", f"OUT={scratch / 'objects'}"]
    run([str(word) for word in make], what="the build of adbd")
    (scratch / "objects/x86").rename(folder)
