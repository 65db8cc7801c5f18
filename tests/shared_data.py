"""Where the published data that tests compare with lies."""

import os
from pathlib import Path

import pytest


def shared_data(name: str) -> Path:
    """The path of a data file: in $HWNAS_TEST_DATA, else in shared/data beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get("HWNAS_TEST_DATA", beside)) / name
    if not path.is_file():
        pytest.fail(f"the test data {path} is missing; set HWNAS_TEST_DATA to the folder it is in")
    return path
