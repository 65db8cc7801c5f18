"""What a device says of itself, and that nothing of an emulated one is kept."""

from pathlib import Path

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.answers import Facts
from hwnas.devices.device import Device
from hwnas.devices.link import direct_link
from hwnas.devices.target import Target
from hwnas.latency.identity import identity_of, read_fingerprint, read_identity
from hwnas.latency.table import LatencyTable
from tests.devices.test_bundle import by_hand
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


def test_two_builds_under_the_agent_in_c_are_two_fingerprints(tmp_path: Path) -> None:
    facts = Facts(
        machine="aarch64",
        cpu="c",
        cores=4,
        pinned="yes",
        agent="native",
        runtime="onnxruntime",
        runtime_version="1.20.0",
        provider="CPUExecutionProvider",
    )
    found = []
    for build in ("one", "two"):
        folder = by_hand(tmp_path / build)
        (folder / "libonnxruntime.so").write_text(build)
        device = Device(name="phone", agent="native", bundle=str(folder))
        with direct_link(device) as link:
            found.append(identity_of(Target(device, link), facts).fingerprint)
    assert [one.field for one in found[0].differences(found[1])] == ["agent"]
    assert found[0].agent.startswith("native ")
