"""What all tests share: the folders of the person who runs them are neither read nor written."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set once and for child processes, too."""
    os.environ["HWNAS_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["HWNAS_CONFIG"] = str(tmp_path_factory.mktemp("config"))
