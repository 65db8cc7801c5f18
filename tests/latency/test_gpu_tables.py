"""Tables of a simulated GPU: caches of its runtime, and warnings of its visits."""

import sys
from pathlib import Path

import pytest

from hwnas.core.errors import TableError
from hwnas.devices.device import Device
from hwnas.latency.graphs import register_all
from hwnas.latency.interchange_json import table_from_json, table_to_json
from hwnas.latency.measure import measure
from hwnas.latency.merge import merge
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import warning_shares
from hwnas.networks.blocks import ConvBlock
from tests.devices.runtimes.conftest import gpu as gpu
from tests.devices.runtimes.fake_cuda import Gpu
from tests.devices.runtimes.flavours import FLAVOURS
from tests.devices.runtimes.in_process import gpu_device
from tests.devices.runtimes.simulated_trt import SimulatedTrt

BLOCKS = [ConvBlock(3, 8, 3, 2, "relu", 16), ConvBlock(8, 8, 3, 1, "relu", 8)]
SCHEDULE = Schedule(sessions=2, most_sessions=2, rounds=2)


@pytest.fixture(params=FLAVOURS, ids="-".join)
def simulated(
    request: pytest.FixtureRequest, gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> SimulatedTrt:
    flavour, version = request.param
    simulated = SimulatedTrt(flavour, version, gpu)
    monkeypatch.setitem(sys.modules, flavour, simulated.module)
    return simulated


@pytest.fixture
def device(simulated: SimulatedTrt, monkeypatch: pytest.MonkeyPatch) -> Device:
    return gpu_device(monkeypatch, simulated.module.__name__)


def profiled(path: Path, device: Device) -> None:
    with LatencyTable(path) as table:
        measure(device, table, register_all(table, BLOCKS, []), SCHEDULE)


def test_the_cache_of_the_runtime_goes_into_the_table_and_to_the_next_session(
    simulated: SimulatedTrt, device: Device, tmp_path: Path
) -> None:
    profiled(tmp_path / "t.sqlite", device)
    with LatencyTable.existing(tmp_path / "t.sqlite") as table:
        cache = table.cache()
        assert cache in (b"timings", b"kernels")
        assert table.cache_hash() is not None
    first = [b""] * 3 if cache == b"timings" else []  # one a graph, and the reference block
    given = [cache] * 3 if cache == b"timings" else [cache]
    learnt = [b"", *[cache] * 2] if cache == b"timings" else first
    assert simulated.caches == [*learnt, *given]


def test_the_warnings_of_visits_are_kept_and_merged(
    gpu: Gpu, device: Device, tmp_path: Path
) -> None:
    profiled(tmp_path / "calm.sqlite", device)
    gpu.capturable = False
    profiled(tmp_path / "warned.sqlite", device)
    merge([tmp_path / "calm.sqlite", tmp_path / "warned.sqlite"], tmp_path / "both.sqlite")
    shares = {}
    for name in ("calm", "warned", "both"):
        with LatencyTable.existing(tmp_path / f"{name}.sqlite") as table:
            shares[name] = warning_shares(table.visits()).get("no_cuda_graph", 0.0)
            assert table.cache()
            printed = {name for one in table.summaries().values() for name in one.warnings}
            assert ("no_cuda_graph" in printed) == (name != "calm")
    assert shares == {"calm": 0.0, "warned": 1.0, "both": 0.5}


def test_warnings_and_the_cache_go_to_json_and_back(
    gpu: Gpu, device: Device, tmp_path: Path
) -> None:
    gpu.capturable = False
    profiled(tmp_path / "a.sqlite", device)
    with LatencyTable.existing(tmp_path / "a.sqlite") as table:
        text = table_to_json(table)
        table_from_json(text, "a.json", tmp_path / "b.sqlite")
        with LatencyTable.existing(tmp_path / "b.sqlite") as other:
            assert list(other.visits()) == list(table.visits())
            # Compiled kernels, which TensorRT-RTX keeps, are taken from nobody.
            assert other.cache() == (b"timings" if device.runtime == "tensorrt" else b"")
    for wrong, printed in (
        (text.replace("no_cuda_graph", "no_luck"), r"warnings\[0\] is 'no_luck', but it should be"),
        (text.replace('"cache": [\n"', '"cache": [\n"?'), r"cache\[0\] is .* it should be base 64"),
    ):
        with pytest.raises(TableError, match=printed):
            table_from_json(wrong, "wrong.json", tmp_path / "c.sqlite")
    assert not (tmp_path / "c.sqlite").exists()
