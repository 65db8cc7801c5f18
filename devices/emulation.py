"""Whether this process runs on a real processor or on an emulated one."""

import os
import platform
from pathlib import Path

_EMULATORS = ("qemu-", "box64", "FEXInterpreter", "rosetta")
_ARM = ("aarch64", "arm64", "armv7l", "armv8l")


def emulator(root: Path = Path("/"), machine: str = "") -> str:
    """The name of the emulator that runs this process, "" when no emulator is found.

    User-mode QEMU answers /proc/self/exe and /proc/PID/exe with the program it runs, but the link
    of a thread with itself. It passes on /proc/cpuinfo of the real processor.

    Args:
        root: where /proc is.
        machine: what the system calls its architecture; looked up when "".
    """
    try:
        program = (root / f"proc/self/task/{os.getpid()}/exe").readlink().name
    except OSError:
        program = ""
    if program.startswith(_EMULATORS):
        return program
    try:
        processor = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    if (machine or platform.machine()) in _ARM and "vendor_id" in processor:  # a field of x86
        return "an emulator on x86"
    return ""
