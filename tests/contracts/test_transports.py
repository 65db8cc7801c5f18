"""What every transport must do; ssh and adb are held to it in tests/targets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hwnas.devices.device import Device
from hwnas.devices.transports import Transport
from hwnas.devices.transports.remote import RemoteFolder
from hwnas.testing.transports import TransportContract
from tests.devices.test_remote import Shell


class TestLocal(TransportContract):
    device = Device(name="here")


class TestRemoteFolder(TransportContract):
    """By a carrier that runs scripts on this machine."""

    @pytest.fixture
    def transport(self, tmp_path: Path) -> Iterator[Transport]:
        opened = RemoteFolder(Device(name="far"), Shell(tmp_path / "a folder"))
        opened.connect()
        yield opened
        opened.close()
