"""What can neither be set nor read on a machine while it is measured."""

from pathlib import Path

from hwnas.devices.conditions import Conditions, read_text

_GOVERNORS = "sys/devices/system/cpu"


def uncontrolled(pinned: str, root: Path = Path("/")) -> list[str]:
    """Those of "pinning", "governor", "clock" and "temperature" that are left to chance.

    Args:
        pinned: what `hwnas.devices.affinity.pin` returned.
        root: where /sys is.
    """
    found = []
    if pinned == "no":
        found.append("pinning")
    governors = {
        read_text(path) for path in (root / _GOVERNORS).glob("cpu*/cpufreq/scaling_governor")
    }
    if governors != {"performance"}:
        found.append("governor")
    read = Conditions().read()
    if "mhz" not in read:
        found.append("clock")
    if "celsius" not in read:
        found.append("temperature")
    return found
