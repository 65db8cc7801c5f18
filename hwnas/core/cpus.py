"""How many CPUs there are for this process."""

import os
from typing import Any


def usable_cpus() -> int:
    """How many CPUs this process may use, which may be fewer than the machine has."""
    allowed: Any = getattr(os, "sched_getaffinity", None)  # of Linux
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1
