"""The agent's archive: the same bytes for the same modules, and all that it imports."""

import ast
import io
import subprocess
import sys
import zipfile
from pathlib import Path

from hwnas.devices.deployments import python
from hwnas.devices.deployments.python import PythonDeployment, archive
from hwnas.devices.device import Device
from hwnas.devices.job import Job


def test_the_archive_is_named_after_its_content(tmp_path: Path) -> None:
    units = PythonDeployment(Device(name="a")).units(tmp_path)
    ((name, path),) = units.items()
    assert path.read_bytes() == archive()
    python.archive.cache_clear()
    assert archive() == path.read_bytes()
    assert PythonDeployment(Device(name="a")).command() == [sys.executable, name]


def test_the_archive_needs_no_package_of_ours(tmp_path: Path) -> None:
    (tmp_path / "agent.pyz").write_bytes(archive())
    # -I: neither this folder nor PYTHONPATH; what is installed is found, hwnas's own packages too,
    # but the archive comes first.
    job = Job(nonce="n", runtime="onnxruntime", threads=1, cores="any", task="health")
    code = (
        "import sys; sys.path.insert(0, 'agent.pyz'); import hwnas.devices; "
        "assert 'agent.pyz' in hwnas.__file__, hwnas.__file__; "
        "from hwnas.devices.agent import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=tmp_path,
        input=job.to_text(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"event": "done"' in done.stdout.splitlines()[-1]


def test_every_module_of_the_archive_is_python_3_10() -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as file:
        sources = {name: file.read(name) for name in file.namelist()}
    assert "hwnas/devices/agent.py" in sources
    for name, source in sources.items():
        ast.parse(source, name, feature_version=(3, 10))
    ast.parse(sources["__main__.py"], feature_version=(3, 6))


def test_a_python_that_is_too_old_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "agent.pyz").write_bytes(archive())
    code = (
        "import runpy, sys; sys.version_info = (3, 8, 10, 'final', 0); "
        "runpy.run_path('agent.pyz', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=tmp_path,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Python 3.10 or later is needed on the target, and this is 3.8: set 'python' to a later "
        "one, or use 'agent: native'\n"
    )


def test_a_missing_package_or_python_comes_with_how_to_install_it() -> None:
    board = Device(name="pi", transport="local", python="/opt/bin/python3")
    agent = PythonDeployment(board)
    advice = agent.missing("ModuleNotFoundError: No module named 'onnxruntime'")
    assert "on pi lacks the package onnxruntime: make a Python environment there, '/opt/b" in advice
    assert "~/hwnas/bin/pip install onnxruntime psutil" in advice
    assert "by 'python: ~/hwnas/bin/python'" in advice
    own = PythonDeployment(Device(name="here")).missing("No module named 'onnxruntime'")
    assert f"run '{sys.executable} -m pip install onnxruntime'; or" in own
    assert "pi has no /opt/bin/python3: install it" in agent.missing("not found")
