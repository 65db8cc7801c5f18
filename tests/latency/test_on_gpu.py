"""What only a GPU can show; run with `pytest -m gpu`."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.answers import TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.nvml import GpuSensors
from hwnas.devices.runtimes import RUNTIMES, load_runtime, load_spec
from hwnas.devices.runtimes.cuda import Cuda
from hwnas.devices.target import Round, open_target
from hwnas.latency.engine import build_engine, load_engine, relative_difference
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.measure import measure
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import warning_shares
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, block_key
from hwnas.networks.graph import build_graph

pytestmark = pytest.mark.gpu

NETWORK = (
    ConvBlock(3, 32, 3, 2, "hard_swish", 64),
    InvertedResidual(32, 96, 32, 5, 1, 8, "relu6", 32),
    Head(32, 64, 0, 10, "relu", 32),
)
VALUES = [((7 * index) % 11 - 5) / 5 for index in range(3 * 64 * 64)]


@pytest.fixture(params=[one for one in RUNTIMES.ours if load_spec(one).on_gpu])
def device(request: pytest.FixtureRequest) -> Device:
    device = Device(name="gpu", runtime=request.param, cores="any")
    try:
        read_fingerprint(device)
    except DeviceError as error:
        if "is not installed" in str(error):
            pytest.skip(str(error))  # a Python has one of them, seldom two
        raise
    return device


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_a_table_of_blocks_and_a_network(device: Device, precision: str, tmp_path: Path) -> None:
    if precision not in device.runtime_spec.precisions:
        pytest.skip(f"{device.runtime} has no {precision}")
    chosen = device.model_copy(update={"precision": precision})
    small, large = ConvBlock(8, 8, 1, 1, "relu", 8), ConvBlock(256, 256, 3, 1, "relu", 128)
    schedule = Schedule(sessions=2, most_sessions=2, rounds=3)
    with LatencyTable(tmp_path / "t.sqlite") as table:
        measure(chosen, table, register_all(table, [small, large, *NETWORK], [NETWORK]), schedule)
        found = table.summaries()
        assert bool(table.cache()) == device.runtime_spec.builds_engines
        # A Jetson has no NVML.
        assert set(GpuSensors(Cuda().bus).read()) <= set(table.conditions())
        printed = warning_shares(table.visits())
        assert "no_cuda_graph" not in printed  # these engines can be captured
    # 20 thousand million multiplications against half a million.
    assert found[block_key(large)].ms > found[block_key(small)].ms > 0
    assert found[network_key(NETWORK)].ms > 0


@pytest.mark.parametrize("batch", [1, 4])
def test_an_engine_computes_what_its_graph_does(device: Device, batch: int, tmp_path: Path) -> None:
    if not device.runtime_spec.builds_engines:
        pytest.skip(f"{device.runtime} builds no engines")
    chosen = device.model_copy(update={"batch": batch})
    model = build_graph(NETWORK, batch=batch).SerializeToString()
    built = build_engine(chosen, model, VALUES * batch)
    with open_target(Device(name="here", cores="any")) as target:
        target.add("model", model)
        expected = target.outputs(["model"], VALUES * batch)[0]
    assert relative_difference(built.outputs, expected) < 2e-2
    for end, content in built.files.items():
        (tmp_path / f"model{end}").write_bytes(content)
    assert load_engine(tmp_path / "model.engine", chosen) == built.content


def test_an_image_is_on_the_gpu_before_it_is_computed_with(device: Device, tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    onnx.save(build_graph((ConvBlock(3, 16, 3, 1, "relu", 224),), batch=16), path)
    graph = load_runtime(device.runtime).load(path, threads=1)
    images = np.random.default_rng(0).standard_normal((4, 16, 3, 224, 224)).astype(np.float32)
    once = [graph.run(image) for image in images]
    for number in (3, 1, 0, 2) * 5:
        np.testing.assert_array_equal(graph.run(images[number]), once[number])


def test_a_hundred_graphs_are_on_the_gpu_at_once(device: Device) -> None:
    count = device.runtime_spec.graphs_per_job or 100
    models = {str(n): build_graph((ConvBlock(8, 8 + n, 3, 1, "relu", 56),)) for n in range(count)}
    with open_target(device) as target:
        for name, model in models.items():
            target.add(name, model.SerializeToString())
        found = list(target.run([Round(0, list(models))], least_runs=2, least_ms=0.0))
    assert sum(isinstance(one, TargetVisit) for one in found) == count
