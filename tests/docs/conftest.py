"""What pages are tested with: the example packages, which they name, and less to measure."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hwnas.api import profiling
from hwnas.latency.schedule import Schedule
from hwnas.networks.block import DEFINED
from tests.examples.plugins import PLUGINS, install
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401


@pytest.fixture
def plugins(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """All of `examples/plugins`, as if pip had installed them."""
    # It adds to sys.path when it is first imported, which would be taken back with the packages.
    importlib.import_module("onnxruntime.quantization")
    site = tmp_path_factory.mktemp("site")
    for folder in sorted(path for path in PLUGINS.iterdir() if path.is_dir()):
        install(folder.name, site / folder.name, monkeypatch)
    known = dict(DEFINED)
    yield
    DEFINED.clear()
    DEFINED.update(known)
    for name, module in list(sys.modules.items()):
        if PLUGINS in Path(getattr(module, "__file__", None) or "/").parents:
            del sys.modules[name]


@pytest.fixture
def quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick profile measures less still: pages are not about how right it is."""
    least = Schedule(sessions=2, most_sessions=2, rounds=1, least_runs=2, least_ms=0.0)
    monkeypatch.setattr(profiling, "_QUICK", least)
