"""The processor of a machine: its cores, and its name."""

import os
import platform
from pathlib import Path


def core_count(root: Path = Path("/")) -> int:
    """The number of cores of this machine, including those that are switched off at the moment.

    A phone that saves power switches some off, and stays the same device. The number that sysconf
    calls configured is another: on many desktops it counts what the mainboard has room for.
    """
    try:
        count = _count_listed((root / "sys/devices/system/cpu/present").read_text(encoding="ascii"))
    except (OSError, ValueError):
        count = 0
    return count if count > 0 else os.cpu_count() or 1


def _count_listed(text: str) -> int:
    """How many numbers a list of the kernel holds, as in "0-3,6".

    Raises:
        ValueError: the text is not such a list.
    """
    count = 0
    for part in text.strip().split(","):
        first, dash, last = part.partition("-")
        count += int(last if dash else first) - int(first) + 1
    return count


def cpu_name() -> str:
    """The name of the processor, as precise as this system has it.

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
