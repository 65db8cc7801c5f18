"""On which file system something lies, for sentences on what it cannot do."""

from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")


def file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """The file system of a path, as in "nfs4, mounted at /home"; "its file system" where unknown.

    Args:
        path: of anything on it.
        mounts: Linux's list of what is mounted.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
        whole = path.resolve()
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        return "its file system"
    found = "", "its file system"
    for line in lines:
        fields, _, rest = line.partition(" - ")
        words = fields.split()
        if len(words) < 5 or not rest:
            continue
        point = words[4].replace("\\040", " ")
        # The later of two mounts at one place hides the earlier one.
        if whole.is_relative_to(point) and len(point) >= len(found[0]):
            found = point, f"{rest.split()[0]}, mounted at {point}"
    return found[1]
