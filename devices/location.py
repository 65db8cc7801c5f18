"""Where devices are, and which of them are one machine."""

from dataclasses import dataclass

from hwnas.devices.device import Device


@dataclass(frozen=True)
class Place:
    """A machine that devices are reached from.

    Attributes:
        name: as people call it.
        machine: equal for places that are one machine; "" for this one.
    """

    name: str
    machine: str


HERE = Place("this machine", "")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1", "[::1]")


def location(device: Device) -> str:
    """What a person calls it: "this machine", a host, a serial; "" where timings are imported."""
    match device.transport:
        case "local":
            return HERE.name
        case "ssh":
            user = f"{device.user}@" if device.user else ""
            return f"{user}{device.host}{f':{device.port}' if device.port else ''}"
        case "adb":
            return device.serial or "the only one attached"
    return ", ".join(str(value) for value in device.options.values())


def same_machine(a: Device, b: Device, places: tuple[Place, Place] = (HERE, HERE)) -> bool:
    """Whether two devices are one machine, as far as their files and their places show.

    Measured at the same time they would disturb each other. Two names of one host in somebody's ssh
    configuration are not known to be one.

    Args:
        a: a device.
        b: another one.
        places: from where each is reached.
    """
    together = places[0].machine == places[1].machine
    if _is_its_place(a) and _is_its_place(b):
        return together
    if a.transport != b.transport:
        return False
    if a.transport == "ssh":
        # "localhost" is another machine at another place.
        local = a.host in _THIS_MACHINE and not together
        return not local and a.host == b.host and (a.port == b.port or None in (a.port, b.port))
    if a.transport == "adb" and None in (a.serial, b.serial):
        return together  # one without a serial is the only one that is attached there
    return a.serial == b.serial and a.options == b.options


def _is_its_place(device: Device) -> bool:
    """Whether it is the machine itself that it is reached from."""
    # Another port of that machine is often forwarded to a machine of its own.
    ssh = device.transport == "ssh"
    by_ssh = ssh and device.host in _THIS_MACHINE and device.port in (None, 22)
    return by_ssh or device.transport == "local"
