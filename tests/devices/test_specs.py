"""Runtimes and transports of one's own: what says all that hwnas has to know of them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from hwnas.core.errors import DeviceError
from hwnas.devices.device import Device
from hwnas.devices.location import same_machine
from hwnas.devices.runtimes import RUNTIMES, RuntimeSpec, load_spec
from hwnas.devices.target import open_target
from hwnas.devices.transports import TRANSPORTS, TransportSpec, load_transport
from hwnas.devices.transports.local import LocalTransport

BOARD = RuntimeSpec("board", "my_runtime:Board", fp16=True)
WIRE = TransportSpec("wire", LocalTransport, options=("pin", "speed"), required=("pin",))


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test adds is forgotten."""
    for registry in (RUNTIMES, TRANSPORTS):
        monkeypatch.setattr(registry, "_added", {})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that says of a text that it is a runtime and a transport."""
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    groups = "[hwnas.runtimes]\nodd = odd:PART\n[hwnas.transports]\nodd = odd:PART\n"
    (info / "entry_points.txt").write_text(groups)
    (tmp_path / "odd.py").write_text("PART = 'text'\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("odd", None)


def test_precisions_are_those_that_it_has_kernels_for() -> None:
    assert RuntimeSpec("a", "b:C").precisions == ("fp32",)
    assert BOARD.precisions == ("fp32", "fp16")
    assert RuntimeSpec("a", "b:C", int8="asymmetric").precisions == ("fp32", "int8")


@pytest.mark.parametrize("name", ["", "two words", "line\nend", "-x"])
def test_a_name_that_no_job_can_carry_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="cannot be the name of a runtime"):
        RuntimeSpec(name, "b:C")


@pytest.mark.parametrize("factory", ["", "module", "module:", ":name", "a b:c", "os:path.join"])
def test_a_factory_that_is_no_path_of_an_object_is_refused(factory: str) -> None:
    with pytest.raises(DeviceError, match="is not of the form 'module:attribute'"):
        RuntimeSpec("a", factory)


@pytest.mark.parametrize("factory", ["", "module", "module:", ":name", "a b:c", 7])
def test_a_factory_of_a_transport_that_can_make_none_is_refused(factory: object) -> None:
    with pytest.raises(DeviceError, match="is neither callable nor of the form 'module:attribute'"):
        TransportSpec("a", factory)  # type: ignore[arg-type]


@pytest.mark.parametrize("factory", ["no.such:Thing", "string:Nothing"])
def test_a_factory_of_a_transport_that_cannot_be_imported_is_one_sentence(
    factory: str, tmp_path: Path
) -> None:
    sentence = f"the factory '{factory}' of the transport a cannot be imported: .*; correct its"
    with pytest.raises(DeviceError, match=sentence):
        TransportSpec("a", factory).open(Device(name="a"), tmp_path)


@pytest.mark.usefixtures("site")
def test_an_entry_point_of_something_else_is_refused_with_its_package() -> None:
    with pytest.raises(DeviceError, match=r"'odd' \(odd:PART of odd 1\.0\) must be a RuntimeSpec"):
        load_spec("odd")
    with pytest.raises(DeviceError, match=r"\(odd:PART of odd 1\.0\) must be a TransportSpec"):
        load_transport("odd")


def test_a_device_takes_the_object_and_then_its_name() -> None:
    device = Device(name="a", runtime=BOARD, precision="fp16")  # type: ignore[arg-type]
    assert (device.runtime, device.runtime_spec) == ("board", BOARD)
    assert Device(name="b", runtime="board").runtime_spec == BOARD
    wired = Device(name="c", transport=WIRE, options={"pin": 4})  # type: ignore[arg-type]
    assert (wired.transport, wired.transport_spec) == ("wire", WIRE)


@pytest.mark.parametrize(
    "keys",
    [
        {"runtime": RuntimeSpec("tensorrt", "my_runtime:Board")},
        {"transport": TransportSpec("ssh", LocalTransport)},
    ],
)
def test_an_object_cannot_take_the_name_of_one_of_ours(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="give yours another name"):
        Device(name="a", **keys)  # type: ignore[arg-type]


def test_the_native_agent_has_only_the_runtimes_that_say_so() -> None:
    with pytest.raises(ValidationError, match="runtime board needs 'agent: python'"):
        Device(name="a", runtime=BOARD, agent="native")  # type: ignore[arg-type]


def test_devices_of_equal_options_are_one_machine() -> None:
    a, b, c = (
        Device(name=name, transport=WIRE, options={"pin": pin})  # type: ignore[arg-type]
        for name, pin in (("a", 4), ("b", 4), ("c", 5))
    )
    assert same_machine(a, b)
    assert not same_machine(a, c)


def test_a_runtime_whose_package_the_target_lacks_is_one_sentence() -> None:
    device = Device(name="here", runtime=BOARD, cores="any")  # type: ignore[arg-type]
    with open_target(device) as target:
        target.add("a", b"no model")
        with pytest.raises(DeviceError, match="on here lacks the package my_runtime"):
            target.facts("a")
