"""The agent's archive: the same bytes for the same modules, and all that it imports."""

import subprocess
import sys
from pathlib import Path

from devices.agents import python
from devices.agents.python import PythonAgent, archive
from devices.device import Device
from devices.job import Job


def test_the_archive_is_named_after_its_content(tmp_path: Path) -> None:
    units = PythonAgent(Device(name="a")).units(tmp_path)
    ((name, path),) = units.items()
    assert path.read_bytes() == archive()
    python.archive.cache_clear()
    assert archive() == path.read_bytes()
    assert PythonAgent(Device(name="a")).command() == [sys.executable, name]


def test_the_archive_needs_no_package_of_ours(tmp_path: Path) -> None:
    (tmp_path / "agent.pyz").write_bytes(archive())
    # -I: neither this folder nor PYTHONPATH; what is installed is found, hwnas's own packages too,
    # but the archive comes first.
    job = Job(nonce="n", runtime="onnxruntime", threads=1, cores="any", task="health")
    code = ("import sys; sys.path.insert(0, 'agent.pyz'); import devices; "
            "assert 'agent.pyz' in devices.__file__, devices.__file__; "
            "from devices.agent import main; sys.exit(main())")  # fmt: skip
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, input=job.to_text(),
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"event": "done"' in done.stdout.splitlines()[-1]


def test_a_missing_package_or_python_is_told_with_its_mend() -> None:
    board = Device(name="pi", transport="local", python="/opt/bin/python3")
    agent = PythonAgent(board)
    said = agent.missing("ModuleNotFoundError: No module named 'onnxruntime'")
    assert "of pi has no package onnxruntime: run '/opt/bin/python3 -m pip install onnx" in said
    assert "there is no /opt/bin/python3 on pi: install it" in agent.missing("not found")
