"""Whether this process runs on the processor that it believes to run on."""

import os
import platform
from pathlib import Path

_EMULATORS = ("qemu-", "box64", "FEXInterpreter", "rosetta")
_ARM = ("aarch64", "arm64", "armv7l", "armv8l")


def emulator(root: Path = Path("/"), machine: str = "") -> str:
    """The name of the emulator that runs this process, "" when there is none to be seen.

    User-mode QEMU answers /proc/self/exe and /proc/PID/exe with the program it runs, but the link
    of a thread with itself. And it passes the real processor's /proc/cpuinfo on.

    Args:
        root: where /proc is.
        machine: what the system calls its architecture; asked when "".
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
