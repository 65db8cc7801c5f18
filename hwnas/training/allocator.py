"""How the C library gives memory to PyTorch on the CPU."""

import ctypes
import sys

# Of mallopt(3).
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_KEPT_BYTES = 2**31 - 1


def keep_freed_memory() -> None:
    """Has glibc keep the memory of freed tensors for the next step; does nothing elsewhere.

    Otherwise every step asks the kernel for its tensors anew, page by page: on NAS-Bench-Macro a
    sixth of the time of a training step.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_MMAP_MAX, 0)
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
