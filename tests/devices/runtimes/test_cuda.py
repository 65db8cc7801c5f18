"""CUDA: what is said where there is none, and that the simulated one is like the real one."""

import gc
import inspect
import re
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.runtimes.cuda import Cuda, CudaError
from tests.devices.runtimes.fake_cuda import Code, Gpu, runtime_module


def test_a_gpu_is_described(gpu: Gpu) -> None:
    cuda = Cuda()
    assert (cuda.name, cuda.capability, cuda.driver) == ("Simulated GPU", (9, 0), "13.0")
    assert (cuda.memory_bytes, cuda.bus) == (gpu.room, "0000:01:00.0")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (
            {"failure": Code.cudaErrorInsufficientDriver, "driver": 0},
            "this machine has no NVIDIA driver that CUDA can use; install one",
        ),
        (
            {"failure": Code.cudaErrorInsufficientDriver, "driver": 12040},
            "supports CUDA up to 12.4, and cuda-bindings is for 13.5",
        ),
        ({"failure": Code.cudaErrorNoDevice}, "CUDA finds no GPU on this machine"),
        ({"count": 0}, "CUDA finds no GPU on this machine"),
    ],
)
def test_no_driver_or_gpu_is_one_sentence(gpu: Gpu, state: dict[str, Any], sentence: str) -> None:
    vars(gpu).update(state)
    with pytest.raises(DeviceError, match=re.escape(sentence)):
        Cuda()


def test_a_missing_package_comes_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cuda", "cuda.bindings", "cuda.bindings.runtime"):  # whatever was imported before
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DeviceError, match=r"cuda-bindings, by which .* -m pip install cuda-bind"):
        Cuda()


def test_memory_holds_what_was_written_until_nothing_refers_to_it(gpu: Gpu) -> None:
    cuda = Cuda()
    memory = cuda.memory(16)
    memory.write(np.arange(4, dtype=np.float32).reshape(2, 2).T)
    read = np.empty((2, 2), np.float32)
    memory.read(read)
    assert read.tolist() == [[0, 2], [1, 3]]
    del memory
    gc.collect()
    assert not gpu.memory


def test_a_call_that_fails_is_one_sentence(gpu: Gpu) -> None:
    printed = "cudaMalloc failed on this GPU: as cudaErrorMemoryAlloc.*set a smaller 'batch'"
    with pytest.raises(CudaError, match=printed):
        Cuda().memory(gpu.room + 1)


def test_the_simulated_cuda_has_nothing_that_the_real_one_has_not() -> None:
    real = import_module("cuda.bindings.runtime")
    simulated = runtime_module(Gpu())
    names = [name for name in dir(type(simulated)) if name.startswith("cuda")]
    assert len(names) > 25
    for name in names:
        here, there = getattr(simulated, name), getattr(real, name)
        if inspect.ismethod(here):  # the first line of the docstring is the signature
            arguments = re.search(r"\((.*)\)", there.__doc__.splitlines()[0])
            assert arguments is not None, name
            wanted = [one for one in arguments[1].split(",") if one.strip()]
            assert len(inspect.signature(here).parameters) == len(wanted), name
        elif isinstance(here, type):
            assert {one.name for one in here} <= {one.name for one in there}, name
        elif not isinstance(here, int):
            assert all(hasattr(there, one) for one in vars(here)), name
        else:
            assert int(there) == here, name


def test_the_real_cuda_on_a_machine_without_a_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # also where there is one
    assert isinstance(import_module("cuda.bindings.runtime"), ModuleType)
    with pytest.raises(DeviceError, match=r"no NVIDIA driver|finds no GPU"):
        Cuda()
