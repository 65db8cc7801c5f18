"""What only a GPU can show; run with `pytest -m gpu`."""

from pathlib import Path

import pytest

from devices.answers import WARNINGS
from devices.device import Device
from devices.errors import DeviceError
from devices.runtimes import BUILDING, ON_GPUS
from devices.target import open_target
from latency.blocks import ConvBlock, Head, InvertedResidual, block_key
from latency.engine import build_engine, load_engine, relative_difference
from latency.graph import build_graph
from latency.identity import read_fingerprint
from latency.measure import measure
from latency.schedule import Schedule
from latency.table import LatencyTable, network_key, register_all

pytestmark = pytest.mark.gpu

NETWORK = (
    ConvBlock(3, 32, 3, 2, "hard_swish", 64),
    InvertedResidual(32, 96, 32, 5, 1, 8, "relu6", 32),
    Head(32, 64, 0, 10, "relu", 32),
)
VALUES = [((7 * index) % 11 - 5) / 5 for index in range(3 * 64 * 64)]


@pytest.fixture(params=ON_GPUS)
def device(request: pytest.FixtureRequest) -> Device:
    device = Device(name="gpu", runtime=request.param, cores="any")
    try:
        read_fingerprint(device)
    except DeviceError as error:
        if "is not installed" in str(error):
            pytest.skip(str(error))  # a Python has one of them, seldom two
        raise
    return device


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_table_of_blocks_and_a_network(device: Device, precision: str, tmp_path: Path) -> None:
    chosen = device.model_copy(update={"precision": precision})
    small, large = ConvBlock(8, 8, 1, 1, "relu", 8), ConvBlock(256, 256, 3, 1, "relu", 128)
    schedule = Schedule(sessions=2, most_sessions=2, rounds=3)
    with LatencyTable(tmp_path / "t.sqlite") as table:
        measure(chosen, table, register_all(table, [small, large, *NETWORK], [NETWORK]), schedule)
        found = table.summaries()
        assert {warning for visit in table.visits() for warning in visit.warnings} <= WARNINGS
        assert bool(table.cache()) == (device.runtime in BUILDING)
        assert {"gpu_mhz", "gpu_celsius"} <= set(table.conditions())
    # 20 thousand million multiplications against half a million.
    assert found[block_key(large)].ms > found[block_key(small)].ms > 0
    assert found[network_key(NETWORK)].ms > 0


@pytest.mark.parametrize("batch", [1, 4])
def test_an_engine_computes_what_its_graph_does(device: Device, batch: int, tmp_path: Path) -> None:
    if device.runtime not in BUILDING:
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
