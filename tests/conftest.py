"""What all tests share: decoded images go to a folder of the test run, not to the user's cache."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set once and for child processes, too."""
    os.environ["HWNAS_CACHE"] = str(tmp_path_factory.mktemp("cache"))
