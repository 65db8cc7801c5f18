import pytest

from hwnas.devices.device import Device
from hwnas.devices.location import HERE, Place, location, same_machine

LOCAL = Device(name="a")
PI = Device(name="b", transport="ssh", host="pi")
PHONE = Device(name="c", transport="adb", serial="1A")


def test_a_place_is_said_as_a_person_says_it() -> None:
    assert location(LOCAL) == "this machine"
    other = Device(name="d", transport="ssh", host="pi", user="me", port=22)
    assert (location(PI), location(other)) == ("pi", "me@pi:22")
    assert location(PHONE) == "1A"
    assert location(Device(name="e", transport="adb")) == "the only one attached"
    assert location(Device(name="f", transport="imported")) == ""


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Device(name="x", threads=2), [LOCAL]),
        (Device(name="x", transport="ssh", host="localhost"), [LOCAL]),
        (Device(name="x", transport="ssh", host="localhost", port=2222), []),
        (Device(name="x", transport="ssh", host="pi", user="me"), [PI]),
        (Device(name="x", transport="ssh", host="pi2"), []),
        (Device(name="x", transport="adb", serial="1A"), [PHONE]),
        (Device(name="x", transport="adb", serial="2B"), []),
        (Device(name="x", transport="adb"), [PHONE]),
    ],
)
def test_devices_of_one_machine_are_known(other: Device, same: list[Device]) -> None:
    for device in (LOCAL, PI, PHONE):
        assert same_machine(device, other) == same_machine(other, device) == (device in same)


@pytest.mark.parametrize(
    ("device", "same"),
    [
        (LOCAL, False),
        (Device(name="x", transport="ssh", host="localhost"), False),
        (Device(name="x", transport="ssh", host="localhost", port=2222), False),
        (PI, True),
        (PHONE, True),
        (Device(name="x", transport="adb"), False),
    ],
)
def test_a_host_of_its_own_is_another_machine_with_phones_of_its_own(
    device: Device, same: bool
) -> None:
    here, there = (HERE, HERE), (HERE, Place("the host there", "10.0.0.1"))
    assert same_machine(device, device, here)
    assert same_machine(device, device, there) == same
    assert same_machine(device, device, (there[1], there[1]))


def test_a_phone_without_a_serial_may_be_any_that_is_attached_there() -> None:
    only, there = Device(name="x", transport="adb"), Place("the host there", "10.0.0.1")
    assert same_machine(PHONE, only)
    assert not same_machine(PHONE, only, (HERE, there))
