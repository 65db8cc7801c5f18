"""What every registered runtime must do; those of GPUs run with `pytest -m gpu`, where one is."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from hwnas.core.errors import DeviceError
from hwnas.devices.answers import WARNINGS
from hwnas.devices.runtimes import ON_GPUS, RUNTIMES, WITHOUT_PROFILE, load_runtime
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.graph import build_graph

NETWORK = (
    ConvBlock(3, 8, 3, 2, "hard_swish", 16),
    InvertedResidual(8, 24, 8, 5, 1, 8, "relu6", 8),
    Head(8, 16, 8, 4, "relu", 8),
)


GPU = pytest.mark.gpu
# They compute float32 in TF32 where the GPU has it: 10 bits of mantissa.
TOLERANCES = dict.fromkeys(ON_GPUS, 2e-2)


@pytest.fixture(params=[pytest.param(one, marks=GPU if one in ON_GPUS else ()) for one in RUNTIMES])
def runtime(request: pytest.FixtureRequest):
    try:
        return load_runtime(request.param)
    except DeviceError as error:
        if request.param in ON_GPUS and "is not installed" in str(error):
            pytest.skip(str(error))  # a Python has one of them, seldom two
        raise


@pytest.fixture
def tolerance(request: pytest.FixtureRequest, runtime) -> float:
    del runtime
    return TOLERANCES.get(request.node.callspec.params["runtime"], 1e-4)


def saved(folder: Path, batch: int = 1) -> Path:
    path = folder / "model.onnx"
    onnx.save(build_graph(NETWORK, batch=batch), path)
    return path


def test_it_has_a_version(runtime) -> None:
    assert runtime.version[0].isdigit()


@pytest.mark.parametrize("batch", [1, 3])
def test_it_computes_what_the_onnx_standard_says(
    runtime, tolerance: float, tmp_path: Path, batch: int
) -> None:
    path = saved(tmp_path, batch)
    image = np.random.default_rng(0).standard_normal((batch, 3, 16, 16)).astype(np.float32)
    expected = ReferenceEvaluator(str(path)).run(None, {"input": image})[0]
    loaded = runtime.load(path, threads=1)
    assert loaded.provider
    np.testing.assert_allclose(loaded.run(image), expected, atol=tolerance)


def test_it_times_as_many_runs_as_asked(runtime, tmp_path: Path) -> None:
    loaded = runtime.load(saved(tmp_path), threads=1)
    samples = loaded.time(least_runs=7, least_ms=0.0)
    assert len(samples) == 7
    assert all(np.isfinite(samples))
    assert min(samples) > 0
    assert len(loaded.time(least_runs=1, least_ms=2.0)) > 1
    assert set(loaded.warnings) <= WARNINGS


def test_it_says_where_the_time_goes(
    runtime, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if request.node.callspec.params["runtime"] in WITHOUT_PROFILE:
        with pytest.raises(DeviceError, match="no breakdown"):
            runtime.operators(saved(tmp_path), threads=1, runs=3)
        return
    found = runtime.operators(saved(tmp_path), threads=1, runs=3)
    assert found
    assert all(set(one) == {"name", "type", "provider", "ms"} for one in found)
    assert sum(one["ms"] for one in found) > 0


def test_a_file_that_is_no_model_is_one_sentence(runtime, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(DeviceError, match=r"cannot load broken\.onnx"):
        runtime.load(tmp_path / "broken.onnx", threads=1)
