"""Which devices are attached, for a person to choose from."""

import subprocess

_SECONDS = 15.0


def attached() -> dict[str, str]:
    """State by serial, as `adb devices` says it: "device" is ready; none where there is no adb."""
    try:
        answer = subprocess.run(
            ["adb", "devices"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    # Before the list, its server may report that it starts.
    rows = [line.split("\t") for line in answer.stdout.splitlines()]
    return {row[0]: row[1].strip() for row in rows if len(row) == 2}
