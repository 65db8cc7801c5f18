"""Engines built by an agent that is a process of its own, on a simulated GPU that computes."""

from pathlib import Path

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.device import Device
from hwnas.devices.engine import Engine
from hwnas.devices.target import open_target
from hwnas.latency.engine import build_engine, load_engine, relative_difference
from hwnas.latency.measure import run_sessions
from hwnas.latency.schedule import Schedule
from hwnas.latency.visit_log import MemoryLog
from hwnas.networks.blocks import Head
from hwnas.networks.graph import build_graph
from tests.devices.runtimes.flavours import FLAVOURS
from tests.devices.runtimes.simulated_python import simulated_python

# More than one part of what an agent sends.
NETWORK = (Head(16, 1280, 0, 1000, "relu", 4),)
VALUES = [((7 * index) % 11 - 5) / 5 for index in range(16 * 4 * 4)]
MODEL = build_graph(NETWORK).SerializeToString()


@pytest.fixture(scope="module", params=FLAVOURS[::2], ids="-".join)
def device(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Device:
    flavour, version = request.param
    python = simulated_python(tmp_path_factory.mktemp("python"), flavour, version)
    return Device(name="gpu", runtime=flavour, python=str(python), cores="any")


def test_an_engine_arrives_whole_and_computes_what_its_graph_does(
    device: Device, tmp_path: Path
) -> None:
    built = build_engine(device, MODEL, VALUES, cache=b"earlier")
    assert bytes(built.content).endswith(MODEL)
    with open_target(Device(name="here", cores="any")) as target:
        target.add("model", MODEL)
        assert relative_difference(built.outputs, target.outputs(["model"], VALUES)[0]) < 1e-5
    path = tmp_path / "model.engine"
    for end, content in built.files.items():
        (tmp_path / f"model{end}").write_bytes(content)
    engine = load_engine(path, device)
    assert isinstance(engine, Engine)
    assert engine == built.content


def test_a_graph_and_its_engine_are_timed_side_by_side(device: Device) -> None:
    engine = build_engine(device, MODEL, VALUES).content
    log = MemoryLog()
    schedule = Schedule(sessions=2, most_sessions=2, rounds=2)
    run_sessions(device, {"graph": lambda: MODEL, "engine": lambda: engine}, log, schedule)
    found = log.visits().summaries()
    assert found["graph"].ms == found["engine"].ms > 0
    assert log.cache() in (b"timings", b"kernels")


def test_what_builds_no_engines_says_so() -> None:
    with pytest.raises(DeviceError, match="the runtime onnxruntime builds no engines"):
        build_engine(Device(name="cpu", cores="any"), MODEL, VALUES)


def test_logits_that_are_not_as_many_are_no_engine_of_it() -> None:
    assert relative_difference([1.0, -4.0], [1.0, -5.0]) == pytest.approx(0.2)
    with pytest.raises(DeviceError, match="computes 1 numbers instead of 2"):
        relative_difference([1.0], [1.0, 2.0])
