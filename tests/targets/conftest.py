"""Targets for a whole session of pytest; a test that breaks one starts one of its own."""

from collections.abc import Iterator

import pytest

from tests.targets.adbd import AdbTarget, running_adbd
from tests.targets.sshd import SshTarget, running_sshd


@pytest.fixture(scope="session")
def ssh_x86() -> Iterator[SshTarget]:
    with running_sshd("x86") as target:
        yield target


@pytest.fixture(scope="session")
def ssh_arm64() -> Iterator[SshTarget]:
    with running_sshd("arm64") as target:
        yield target


@pytest.fixture(scope="session")
def adb_arm64() -> Iterator[AdbTarget]:
    with running_adbd() as target:
        yield target
