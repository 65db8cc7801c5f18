"""What a device says of itself, and that nothing of an emulated one is kept."""

from pathlib import Path

import pytest

from devices.device import Device
from devices.errors import DeviceError
from latency.identity import read_fingerprint, read_identity
from latency.table import LatencyTable
from tests.latency.test_profile import profiled

DEVICE = Device(name="here")
EMULATED = DEVICE.model_copy(update={"emulated": True})


def test_a_device_tells_what_is_not_of_its_fingerprint() -> None:
    identity = read_identity(DEVICE)
    assert identity.fingerprint == read_fingerprint(DEVICE)
    assert identity.emulated == ""
    assert set(identity.uncontrolled) <= {"pinning", "governor", "clock", "temperature"}
    identity.require_real("here")


def test_an_emulated_device_can_be_asked_but_not_kept(tmp_path: Path) -> None:
    identity = read_identity(EMULATED)
    assert (identity.fingerprint.agent, identity.emulated) == ("python", "an emulator")
    with pytest.raises(DeviceError, match="here is emulated, by an emulator: its times say"):
        profiled(tmp_path / "table.sqlite", device=EMULATED)
    with LatencyTable(tmp_path / "table.sqlite") as table:
        assert table.fingerprint is None
