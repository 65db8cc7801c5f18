"""The transport does what every transport must do.

Needs docker and a running container, which the environment variable HWNAS_CONTAINER names.
"""

import os

import pytest
from hwnas_container import SPEC

from hwnas.devices.device import Device
from hwnas.testing.transports import TransportContract

NAME = os.environ.get("HWNAS_CONTAINER", "")


@pytest.mark.skipif(not NAME, reason="HWNAS_CONTAINER names no container")
class TestContainer(TransportContract):
    device = Device(name="board", transport=SPEC, options={"container": NAME or "none"})
