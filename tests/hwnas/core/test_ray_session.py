"""A Ray that does not start at once, as on a busy machine."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hwnas.core.errors import RunError
from hwnas.core.ray_session import RaySession


class Starts:
    """Stands for `ray.init`: so many starts leave a process behind and fail."""

    def __init__(self, failing: int) -> None:
        self.failing = failing
        self.folders: list[Path] = []
        self.processes: list[subprocess.Popen[bytes]] = []

    def __call__(self, **options: Any) -> None:
        folder = Path(options["_temp_dir"])
        assert folder.is_dir()
        self.folders.append(folder)
        if len(self.folders) <= self.failing:
            script = "import time; time.sleep(3600)"
            self.processes.append(subprocess.Popen([sys.executable, "-c", script, str(folder)]))
            while str(folder) not in psutil.Process(self.processes[-1].pid).cmdline():
                time.sleep(0.01)
            raise Exception("The current node timed out during startup.")


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Starts]:
    found = Starts(failing=1)
    monkeypatch.setattr("ray.init", found)
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    monkeypatch.setattr("ray.shutdown", lambda: None)
    yield found
    for process in found.processes:
        process.kill()
        process.wait()


def test_a_ray_that_does_not_start_in_time_is_started_again(starts: Starts) -> None:
    session = RaySession(None)
    failed, folder = starts.folders
    assert session.folder == folder
    assert [path.exists() for path in (failed, folder)] == [False, True]
    assert starts.processes[0].wait() < 0  # it was ended
    session.close()
    assert not folder.exists()


def test_a_ray_that_never_starts_is_one_sentence(starts: Starts) -> None:
    starts.failing = 9
    with pytest.raises(RunError, match=r"Ray cannot be started on this machine \(.*timed out dur"):
        RaySession(None)
    assert len(starts.folders) == 3
    assert not any(folder.exists() for folder in starts.folders)
    assert all(process.wait() < 0 for process in starts.processes)
