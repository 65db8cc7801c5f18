"""`import hwnas`: what it offers, what it costs, and what lies beside it."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import hwnas

# Names of our folders and files, as a person may call their own.
OWN = ("latency", "devices", "objectives", "search", "configs", "accuracy", "runs", "core")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_every_public_name_is_there_and_documented() -> None:
    for name in hwnas.__all__:
        value = getattr(hwnas, name)
        assert name.startswith("__") or value.__doc__, name


def test_there_are_at_most_16_public_names() -> None:
    assert len(hwnas.__all__) <= 16
    assert dir(hwnas) == sorted(hwnas.__all__)


def test_no_public_name_is_a_package_of_ours() -> None:
    for name in hwnas.__all__:
        if not name.startswith("__"):
            with pytest.raises(ModuleNotFoundError):
                importlib.import_module(f"hwnas.{name}")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'hwnas' has no attribute 'serach'"):
        _ = hwnas.serach


def test_importing_it_loads_nothing_else_and_changes_no_environment() -> None:
    code = (
        "import os, sys; before = dict(os.environ); import hwnas; "
        "assert os.environ == before; "
        "loaded = {name.split('.')[0] for name in sys.modules}; "
        "assert not loaded & {'numpy', 'torch', 'onnx', 'pydantic', 'rich', 'yaml'}, loaded"
    )
    done = run(Path(), "-c", code)
    assert done.returncode == 0, done.stderr


def test_files_of_the_same_names_beside_a_notebook_break_nothing(tmp_path: Path) -> None:
    for name in OWN:
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('this is not hwnas')\n")
    code = (
        "import hwnas, hwnas.latency.table, hwnas.devices.target, hwnas.objectives.costs; "
        "print(hwnas.load_space('mobilenet_v3_small').name)"
    )
    done = run(tmp_path, "-c", code)
    assert (done.returncode, done.stdout) == (0, "mobilenet_v3_small\n"), done.stderr
    done = run(tmp_path, "-m", "hwnas", "space", "show", "nas_bench_macro")
    assert done.returncode == 0, done.stderr
