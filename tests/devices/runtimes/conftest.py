"""A GPU that is simulated, in place of cuda-bindings' own."""

import sys
from types import ModuleType

import pytest

from tests.devices.runtimes.fake_cuda import Gpu, runtime_module


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    simulated = Gpu()
    runtime = runtime_module(simulated)
    bindings = ModuleType("cuda.bindings")
    bindings.runtime = runtime  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.bindings", bindings)
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", runtime)
    return simulated
