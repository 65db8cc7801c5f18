"""Where devices are, and which of them are one machine."""

from hwnas.devices.device import Device

_HERE = ("localhost", "127.0.0.1", "::1", "[::1]")


def where(device: Device) -> str:
    """What a person calls the place: "this machine", a host, a serial; "" where timings come from.

    Of an adb device without a serial it is the only one that is attached.
    """
    match device.transport:
        case "local":
            return "this machine"
        case "ssh":
            user = f"{device.user}@" if device.user else ""
            return f"{user}{device.host}{f':{device.port}' if device.port else ''}"
        case "adb":
            return device.serial or "the only one attached"
    return ""


def same_machine(a: Device, b: Device) -> bool:
    """Whether two devices are one machine, as far as their files tell.

    Measured at the same time they would disturb each other. Two names of one host in somebody's ssh
    configuration are not known to be one.
    """
    if _is_here(a) and _is_here(b):
        return True
    if a.transport != b.transport:
        return False
    if a.transport == "ssh":
        return a.host == b.host and (a.port == b.port or None in (a.port, b.port))
    return a.serial == b.serial or None in (a.serial, b.serial)


def _is_here(device: Device) -> bool:
    # Another port of this machine is often forwarded to a machine of its own.
    here = device.transport == "ssh" and device.host in _HERE and device.port in (None, 22)
    return here or device.transport == "local"
