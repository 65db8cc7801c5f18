"""The agent in C as devices name it; what it does is tested in tests/targets."""

import platform
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hwnas.core.cache import FOLDER_VARIABLE
from hwnas.core.errors import DeviceError
from hwnas.devices.deployments.native import NativeDeployment
from hwnas.devices.device import Device
from hwnas.devices.transports.local import LocalTransport
from tests.devices.parts import use_transport
from tests.devices.test_bundle import by_hand


def test_the_bundle_that_a_device_names_is_its_agent(tmp_path: Path) -> None:
    folder = by_hand(tmp_path / "b")
    agent = NativeDeployment(Device(name="phone", agent="native", bundle=str(folder)))
    ((unit, path),) = agent.units(tmp_path).items()
    assert path == folder
    assert agent.command() == [f"{unit}/agent", f"{unit}/libonnxruntime.so"]
    assert agent.missing("agent: Exec format error") == (
        "the bundle for aarch64 does not run on phone (agent: Exec format error): set 'arch' to "
        "what 'uname -m' says there, or make a bundle by hand, as docs/guides/device.md says"
    )


def test_bundles_with_other_libraries_are_other_agents(tmp_path: Path) -> None:
    def identity(folder: Path) -> str:
        return NativeDeployment(Device(name="a", agent="native", bundle=str(folder))).identity()

    first, other = by_hand(tmp_path / "first"), by_hand(tmp_path / "other")
    printed = identity(first)
    assert re.fullmatch("native [0-9a-f]{8}", printed)
    (other / "agent").write_bytes(b"\x7fELF newer program")
    (other / "NOTES").write_text("by me")
    assert identity(other) == printed
    (other / "libm.so.6").write_bytes(b"\x7fELF mathematics")
    assert identity(other) != printed
    (first / "libonnxruntime.so").write_bytes(b"\x7fELF another build")
    assert identity(first) != printed


@pytest.mark.parametrize("keys", [{}, {"arch": "aarch64"}])
def test_a_bundle_that_is_not_made_yet_is_told_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any]
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    arch = keys.get("arch", platform.machine())
    with pytest.raises(DeviceError, match=rf"run 'hwnas devices bundle --arch {arch}'"):
        NativeDeployment(Device(name="here", agent="native", **keys)).units(tmp_path)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"arch": "aarch64"}, "arch is for 'agent: native'"),
        ({"bundle": "b"}, "bundle is for 'agent: native'"),
        ({"agent": "native", "arch": "aarch64", "bundle": "b"}, "leave out arch or bundle"),
        ({"agent": "native", "arch": "riscv64"}, "Input should be 'aarch64' or 'x86_64'"),
        (
            {"agent": "nativ"},
            "there is no agent 'nativ'; did you mean 'native'?",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Device(name="a", **keys)
    assert sentence in str(caught.value)


def test_far_away_the_architecture_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    use_transport(monkeypatch, "ssh", LocalTransport)
    keys: dict[str, Any] = {"name": "pi", "transport": "ssh", "host": "pi", "agent": "native"}
    with pytest.raises(ValidationError, match="the key 'arch' is missing: what 'uname -m' says"):
        Device(**keys)
    assert Device(**keys, arch="aarch64").arch == "aarch64"
    assert Device(**keys, bundle="b").arch is None
