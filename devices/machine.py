"""What a machine says of its processor: how many cores, and which."""

import os
import platform
from pathlib import Path


def core_count(root: Path = Path("/")) -> int:
    """The cores of this machine, those that are switched off at the moment too.

    A phone that saves power parks some, and stays the same device. Not those that sysconf calls
    configured: on many desktops they are the ones for which the mainboard has room.
    """
    try:
        count = _count_listed((root / "sys/devices/system/cpu/present").read_text(encoding="ascii"))
    except (OSError, ValueError):
        count = 0
    return count if count > 0 else os.cpu_count() or 1


def _count_listed(text: str) -> int:
    """How many numbers a list of the kernel holds, as in "0-3,6".

    Raises:
        ValueError: it is none.
    """
    count = 0
    for part in text.strip().split(","):
        first, dash, last = part.partition("-")
        count += int(last if dash else first) - int(first) + 1
    return count


def cpu_name() -> str:
    """The processor, as precisely as this system names it.

    On x86 with family, model and stepping, because virtual machines hide the model's name; on Arm
    with the parts of all cores, as big and little ones differ.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        values = fields.setdefault(name.strip(), [])
        if value.strip() not in values:
            values.append(value.strip())
    parts = list(fields.get("model name", []))
    names = ("cpu family", "model", "stepping", "CPU implementer", "CPU part")
    parts += [f"{name} {'+'.join(fields[name])}" for name in names if name in fields]
    return ", ".join(parts) or platform.machine()
