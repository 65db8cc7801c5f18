"""Where devices are, and which of them are one machine."""

from hwnas.devices.device import Device

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1", "[::1]")


def location(device: Device) -> str:
    """What a person calls it: "this machine", a host, a serial; "" where timings are imported."""
    match device.transport:
        case "local":
            return "this machine"
        case "ssh":
            user = f"{device.user}@" if device.user else ""
            return f"{user}{device.host}{f':{device.port}' if device.port else ''}"
        case "adb":
            return device.serial or "the only one attached"
    return ", ".join(str(value) for value in device.options.values())


def same_machine(a: Device, b: Device) -> bool:
    """Whether two devices are one machine, as far as their files show.

    Measured at the same time they would disturb each other. Two names of one host in somebody's ssh
    configuration are not known to be one.
    """
    if _is_this_machine(a) and _is_this_machine(b):
        return True
    if a.transport != b.transport:
        return False
    if a.transport == "ssh":
        return a.host == b.host and (a.port == b.port or None in (a.port, b.port))
    # An adb device without a serial is the only one that is attached.
    same_serial = a.serial == b.serial or None in (a.serial, b.serial)
    return same_serial and a.options == b.options


def _is_this_machine(device: Device) -> bool:
    # Another port of this machine is often forwarded to a machine of its own.
    ssh = device.transport == "ssh"
    by_ssh = ssh and device.host in _THIS_MACHINE and device.port in (None, 22)
    return by_ssh or device.transport == "local"
