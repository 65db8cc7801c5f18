"""A root folder of arm64 programs: libc, C++ library and a busybox with all its commands."""

import subprocess
from pathlib import Path

from tests.targets.apt import PrivateApt
from tests.targets.parts import HERE, cached, need
from tests.targets.sandbox import QEMU

CPU = "cortex-a72"  # qemu's "max" is 15 times slower.
MOUNT = HERE / "arm64" / "mount.sh"
"""Called in a sandbox as ``mount.sh ROOT HOME``: makes /run/target of a root folder."""

_PACKAGES = ("busybox-static", "gcc-12-base", "libc6", "libgcc-s1", "libstdc++6")
_FOLDERS = ("data/local/tmp", "dev/pts", "dev/shm", "home/board", "proc", "run", "sbin")
_USERS = "root:x:0:0::/:/bin/sh\nboard:x:0:0::/home/board:/bin/sh\n"


def arm64_root() -> Path:
    """Builds the root folder, or finds it in the cache. A target works on a copy."""
    need("apt-get", "dpkg-deb", QEMU)
    return cached("arm64", [HERE / "arm64.py", HERE / "apt.py"], _build)


def _build(root: Path) -> None:
    PrivateApt(root.parent / "apt", "deb", "arm64").unpack(
        _PACKAGES, root, downloads=root.parent / "downloads"
    )
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").mkdir(mode=0o777)
    (root / "etc/passwd").write_text(_USERS)
    (root / "etc/group").write_text("root:x:0:\n")
    busybox = root / "bin/busybox"
    listed = subprocess.run([QEMU, busybox, "--list"], check=True, capture_output=True, text=True)
    for command in listed.stdout.split():
        link = root / "bin" / command
        if not link.exists():
            link.symlink_to("busybox")
