"""What every registered runtime must do; those of GPUs run with `pytest -m gpu`, where one is."""

import pytest

from hwnas.devices.runtimes import RUNTIMES, load_spec
from hwnas.testing.runtimes import RuntimeContract

# GPUs compute float32 in TF32 where they have it: 10 bits of mantissa.
TF32 = 2e-2


class TestOnnxRuntime(RuntimeContract):
    spec = load_spec("onnxruntime")


@pytest.mark.gpu
class TestOnnxRuntimeCuda(RuntimeContract):
    spec, tolerance = load_spec("onnxruntime_cuda"), TF32


@pytest.mark.gpu
class TestTensorRt(RuntimeContract):
    spec, tolerance = load_spec("tensorrt"), TF32


@pytest.mark.gpu
class TestTensorRtRtx(RuntimeContract):
    spec, tolerance = load_spec("tensorrt_rtx"), TF32


def test_every_runtime_is_held_to_it() -> None:
    held = [TestOnnxRuntime, TestOnnxRuntimeCuda, TestTensorRt, TestTensorRtRtx]
    assert [one.spec.name for one in held] == RUNTIMES.ours
