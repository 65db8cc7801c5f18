"""The parts of a bundle: Debian's C library, ONNX Runtime's library, the compiled native agent."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hwnas.core.errors import DeviceError
from hwnas.devices.bundle import SOURCES

_DEBIAN = {"aarch64": "arm64", "x86_64": "amd64"}
_PACKAGES = ("libc6", "libgcc-s1", "libstdc++6")
# All that ONNX Runtime and the native agent are linked with.
_LIBRARIES = (
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libstdc++.so.6",
)
# Settings of this machine's apt that would write to its own folders, or run its programs.
_NOT_TAKEN = ("APT::Architecture", "APT::Update", "Dir", "DPkg")
_APT = """
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Dir::State "{scratch}/state";
Dir::State::status "{scratch}/status";
Dir::Cache "{scratch}/cache";
Dir::Log "{scratch}/log";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
"""


def add_c_library(folder: Path, scratch: Path, arch: str, loader: str) -> Mapping[str, str]:
    """Adds the loader and the libraries of C and C++, by a private state of apt.

    Packages come from the sources that this machine's apt uses, and are checked by its keys; the
    machine itself stays as it is.

    Returns:
        The versions of the packages.

    Raises:
        DeviceError: this machine has no apt, or its sources lack the packages.
    """
    for program in ("apt-get", "apt-config", "dpkg-deb"):
        if shutil.which(program) is None:
            raise DeviceError(
                f"making a bundle needs {program} of Debian or Ubuntu; make it on such a machine, "
                "or in a container of debian, with 'hwnas devices bundle --folder DIR', and name "
                "the folder in the device's file by 'bundle'"
            )
    architecture = _DEBIAN[arch]
    settings = scratch / "apt.conf"
    taken = [
        line
        for line in _run(
            ["apt-config", "dump"], "apt-config failed", "correct the settings of apt"
        ).splitlines()
        if not line.startswith(_NOT_TAKEN)
    ]
    own = _APT.format(architecture=architecture, scratch=scratch)
    settings.write_text("\n".join(taken) + own, encoding="utf-8")
    for name in ("state/lists/partial", "cache/archives/partial", "log", "packages", "root"):
        (scratch / name).mkdir(parents=True)
    (scratch / "status").touch()  # nothing is installed
    environment = {"APT_CONFIG": str(settings)}
    problem = f"apt-get got no packages for {architecture}"
    advice = f"check the network, and that the sources in /etc/apt have {architecture}"
    try:
        _run(["apt-get", "-qq", "update"], problem, advice, environment)
    except DeviceError as error:  # maybe of a source that is not needed
        problem, advice = str(error), "the packages were not there either"
    _run(
        ["apt-get", "-qq", "download", *_PACKAGES],
        problem,
        advice,
        environment,
        scratch / "packages",
    )
    versions = {}
    for package in sorted((scratch / "packages").glob("*.deb")):
        shown = _run(["dpkg-deb", "--show", "--showformat=${Package} ${Version}", str(package)])
        name, _, versions[name] = shown.partition(" ")
        _run(["dpkg-deb", "-x", str(package), str(scratch / "root")])
    for name in (loader, *_LIBRARIES):
        _copy(scratch / "root", name, folder)
    return versions


def _copy(root: Path, name: str, folder: Path) -> None:
    """Copies a file from somewhere in a tree; a link only if it does not lead out of the tree."""
    for path in sorted(root.rglob(name), key=lambda path: path.is_symlink()):
        real = path.resolve()
        if real.is_file() and real.is_relative_to(root.resolve()):
            shutil.copy(real, folder / name)
            return
    raise DeviceError(
        f"the packages {', '.join(_PACKAGES)} hold no {name}: they are of a release "
        "of Debian that hwnas does not know; make the bundle on another one"
    )


def add_onnxruntime(folder: Path, scratch: Path, arch: str, wanted: str) -> str:
    """Adds ONNX Runtime's library, from the wheel of a version.

    Returns:
        Its file name.

    Raises:
        DeviceError: pip did not get the wheel.
    """
    platforms = [f"manylinux_2_{number}_{arch}" for number in (28, 27, 17)]
    _run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-input",
            "--no-deps",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            "--dest",
            str(scratch),
            *(word for platform in platforms for word in ("--platform", platform)),
            f"onnxruntime=={wanted}",
        ],
        f"pip got no onnxruntime {wanted} for {arch}",
        "check the network, and that this Python has pip",
        folder=scratch,  # Python runs a pip.py of the current folder first, whoever put it there
    )
    inner = "onnxruntime/capi/"
    with zipfile.ZipFile(next(scratch.glob("onnxruntime-*.whl"))) as wheel:
        for name in wheel.namelist():
            library = name.removeprefix(inner)
            if name.startswith(f"{inner}libonnxruntime.so") and "/" not in library:
                (folder / library).write_bytes(wheel.read(name))
                return library
    raise DeviceError(
        f"the wheel of onnxruntime {wanted} holds no libonnxruntime.so: install a newer onnxruntime"
    )


def add_native_agent(folder: Path, scratch: Path, arch: str) -> Mapping[str, str]:
    """Compiles the native agent.

    Returns:
        The version of the compiler.

    Raises:
        DeviceError: the compiler is missing, or failed.
    """
    try:
        compiler = {"ziglang": version("ziglang")}
    except PackageNotFoundError as error:
        raise DeviceError(
            "making a bundle needs the compiler ziglang: run "
            f"'{sys.executable} -m pip install ziglang'"
        ) from error
    # Of 2018; the libraries of the bundle are newer.
    target = f"{arch}-linux-gnu.2.28"
    # Its caches take 50 MB, and would save ten seconds once.
    caches = {
        name: str(scratch / "zig") for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")
    }
    # In its folder, and without symbols: the same bytes wherever hwnas is installed.
    _run(
        [
            sys.executable,
            "-m",
            "ziglang",
            "cc",
            "-target",
            target,
            "-std=gnu11",
            "-O2",
            "-g0",
            "-s",
            *(path.name for path in sorted(SOURCES.glob("*.c"))),
            "-ldl",
            "-o",
            str(folder / "agent"),
        ],
        "the native agent cannot be compiled",
        "run 'pip install --upgrade ziglang'",
        caches,
        SOURCES,
    )
    return compiler


def _run(
    command: Sequence[str],
    problem: str = "a package cannot be unpacked",
    advice: str = "run the same command again",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """What a program prints.

    Raises:
        DeviceError: it failed; the message has the problem, its last line and how to fix it.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        message = next((line for line in lines if line.startswith(("E:", "ERROR:"))), "")
        message = message or (lines[-1] if lines else f"exit code {done.returncode}")
        raise DeviceError(f"{problem} ({message.strip()[:300]}): {advice}")
    return done.stdout
