"""What a person is told to type so that a package is installed."""

import shlex
import sys

import pytest

from hwnas.devices.installing import pip_install


def test_an_extra_is_quoted_so_that_every_shell_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "base_prefix", "elsewhere")  # a virtual environment
    told = pip_install('"hwnas[litert]"')
    (command,) = shlex.split(told.removeprefix("run "))
    assert shlex.split(command)[-1] == "hwnas[litert]"
