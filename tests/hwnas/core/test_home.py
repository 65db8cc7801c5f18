"""Users without a home folder, and users that nobody is."""

import os
import pwd
from pathlib import Path

import pytest

from hwnas.core.cache import cache_folder, has_cache_folder
from hwnas.core.configs import config_names, find_config, own_folder, own_names
from hwnas.core.errors import ConfigError
from hwnas.core.home import home
from hwnas.data.cache import cache_bytes

VARIABLES = ("HWNAS_CACHE", "HWNAS_CONFIG", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME")


@pytest.fixture(params=["unset", "empty"])
def nobody(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A process of a user whom no list names, with HOME unset or empty."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    if request.param == "empty":
        monkeypatch.setenv("HOME", "")

    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("nobody")
def test_without_a_home_there_is_no_cache_and_no_folder_of_ones_own() -> None:
    assert home() is None
    assert not has_cache_folder()
    assert cache_bytes() == 0
    assert own_names("devices") == []
    assert "local_cpu" in config_names("devices")
    assert find_config("devices", "local_cpu").is_file()


@pytest.mark.usefixtures("nobody")
def test_what_needs_such_a_folder_names_the_variable_to_set() -> None:
    with pytest.raises(ConfigError, match=r"no home folder is known.* variable HWNAS_CACHE"):
        cache_folder()
    with pytest.raises(ConfigError, match=r"no home folder is known.* variable HWNAS_CONFIG"):
        own_folder("devices")


@pytest.mark.usefixtures("nobody")
def test_a_folder_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWNAS_CACHE", "/somewhere")
    assert cache_folder() == Path("/somewhere")
    monkeypatch.setenv("HWNAS_CONFIG", "~/somewhere")
    with pytest.raises(ConfigError, match=r"HWNAS_CONFIG is '~/somewhere'.* write a whole path"):
        own_names("devices")
    monkeypatch.setenv("HWNAS_CONFIG", "~nobody-here/somewhere")
    with pytest.raises(ConfigError, match="HWNAS_CONFIG is '~nobody-here/somewhere'"):
        own_names("devices")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    by_the_system = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert home() == by_the_system
    assert cache_folder() == by_the_system / ".cache/hwnas"
    assert own_folder("devices") == by_the_system / ".config/hwnas/devices"
