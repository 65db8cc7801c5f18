"""Energy from a counter that moves in steps, on a simulated GPU whose energy is known."""

import json
import sys
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import DeviceError, EnergyError
from hwnas.devices.agent import run_job
from hwnas.devices.answers import read_energy
from hwnas.devices.job import Job
from hwnas.devices.nvml import GpuSensors
from hwnas.devices.runtimes import RUNTIMES, Runtime, gpu_timing, load_runtime, load_spec
from hwnas.devices.runtimes.cuda import Cuda
from hwnas.devices.runtimes.gpu_energy import (
    BATCH_MS,
    LEAST_BATCHES,
    LONGEST_MS,
    LONGEST_STEP_MS,
    EnergyMeter,
)
from hwnas.devices.runtimes.gpu_timing import GpuTimer
from hwnas.devices.runtimes.runtime import EnergyGraph
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.graph import build_graph
from tests.devices.runtimes.fake_cuda import Gpu
from tests.devices.runtimes.fake_nvml import Board, play_board
from tests.devices.runtimes.flavours import FLAVOURS
from tests.devices.runtimes.simulated_trt import SimulatedTrt


@pytest.fixture
def board(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> Board:
    return play_board(monkeypatch, gpu)


def meter() -> EnergyMeter:
    return EnergyMeter(GpuSensors("0000:01:00.0").millijoules)


def timer(gpu: Gpu, ms: float) -> GpuTimer:
    times = repeat(ms)
    return GpuTimer(Cuda().stream(), lambda: gpu.enqueue(lambda: next(times)), gpu.clock)


@pytest.mark.parametrize("step_ms", [20.0, 50.0, 100.0])
@pytest.mark.parametrize("ms", [0.02, 0.1, 0.7, 3.0, 12.0])
def test_an_inference_takes_its_time_at_the_power_of_work(
    board: Board, ms: float, step_ms: float
) -> None:
    board.step_ms = step_ms
    visit = meter().measure(timer(board.gpu, ms).start, least_ms=500.0)
    assert visit.millijoules == pytest.approx(board.WORK_WATTS * ms, rel=0.03)
    assert visit.ms >= 500.0
    assert visit.inferences == pytest.approx(visit.ms / ms, rel=0.02)


def test_two_readings_at_any_time_would_miss_steps_of_the_counter(board: Board) -> None:
    """What `measure` does, but without waiting for changes: a tenth of the window is a step."""
    one = timer(board.gpu, 0.1)
    one.start(2000)()
    sensors = GpuSensors("0000:01:00.0")
    worst = 0.0
    for moment in range(10):
        one.start(100 + 77 * moment)()
        before = sensors.millijoules()
        one.start(5130)()
        after = sensors.millijoules()
        assert before is not None
        assert after is not None
        worst = max(worst, abs((after - before) / 5130 / 30.0 - 1))
    assert worst > 0.05
    assert meter().measure(one.start, least_ms=513.0).millijoules == pytest.approx(30.0, rel=0.01)


def test_what_the_board_uses_while_launches_keep_the_gpu_waiting_is_counted(board: Board) -> None:
    board.gpu.launch_ns = 200_000.0
    visit = meter().measure(timer(board.gpu, 0.1).start, least_ms=500.0)
    assert visit.millijoules == pytest.approx(300.0 * 0.1 + 30.0 * 0.1, rel=0.03)


@pytest.mark.parametrize("reading_ms", [0.5, 2.0, 8.0])
def test_the_gpu_does_not_rest_while_the_counter_is_read_slowly(
    board: Board, reading_ms: float
) -> None:
    board.REST_WATTS, board.WORK_WATTS = 100.0, 200.0
    board.reading_ns = reading_ms * 1e6
    visit = meter().measure(timer(board.gpu, 0.1).start, least_ms=500.0)
    assert visit.millijoules == pytest.approx(200.0 * 0.1, rel=0.03)


def test_no_visit_takes_minutes(board: Board) -> None:
    visit = meter().measure(timer(board.gpu, 2000.0).start, least_ms=500.0)
    assert visit.inferences < LEAST_BATCHES
    assert visit.ms == pytest.approx(LONGEST_MS, rel=0.1)
    assert visit.millijoules == pytest.approx(300.0 * 2000.0, rel=0.05)


def test_slow_inferences_are_counted_often_enough(board: Board) -> None:
    visit = meter().measure(timer(board.gpu, 40.0).start, least_ms=100.0)
    assert visit.inferences >= LEAST_BATCHES
    assert visit.millijoules == pytest.approx(300.0 * 40.0, rel=0.05)


def test_the_gpu_computes_while_the_counter_is_read(board: Board) -> None:
    one = timer(board.gpu, 0.1)
    meter().measure(one.start, least_ms=500.0)
    began = len(board.gpu.begins)
    asked = board.asked
    meter().measure(one.start, least_ms=500.0)
    assert board.asked - asked > 500.0 / (4 * BATCH_MS)
    # It waits while batches are sized, and between first and last inference not once.
    assert len(board.gpu.begins) - began < 10


def test_a_visit_leaves_nothing_behind_that_would_run_into_the_next(board: Board) -> None:
    meter().measure(timer(board.gpu, 1.0).start, least_ms=100.0)
    assert board.gpu.free_at <= board.gpu.now


def test_a_counter_that_counts_passes_at_rest(board: Board) -> None:
    meter().check()
    assert board.gpu.now <= 2 * board.step_ms * 1e6


def test_a_counter_that_stands_still_is_refused_soon(board: Board) -> None:
    board.moves = False
    with pytest.raises(DeviceError, match="does not move"):
        meter().check()
    assert board.gpu.now < 1.1 * LONGEST_STEP_MS * 1e6
    with pytest.raises(DeviceError, match="does not move"):
        meter().measure(timer(board.gpu, 0.1).start, least_ms=500.0)
    assert board.gpu.now < 4 * LONGEST_STEP_MS * 1e6
    assert board.gpu.free_at <= board.gpu.now


def test_a_gpu_that_is_not_counted_is_refused_in_one_sentence(board: Board) -> None:
    board.counts = False
    with pytest.raises(EnergyError, match="cannot be read: NVML counts it on NVIDIA GPUs since"):
        meter().check()
    board.counts, board.divided = True, True
    with pytest.raises(EnergyError, match="a part of a GPU"):
        meter().check()


def test_a_counter_that_is_set_back_is_refused(board: Board) -> None:
    reload_ns = board.gpu.now + 800e6  # after both warm-ups

    def counter() -> float:
        reported = board.nvmlDeviceGetTotalEnergyConsumption("handle")
        return reported if board.gpu.now < reload_ns else reported - 1e9

    with pytest.raises(DeviceError, match="was reset"):
        EnergyMeter(counter).measure(timer(board.gpu, 0.1).start, least_ms=500.0)


def agent_says(
    board: Board,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    **keys: Any,
) -> list[dict[str, Any]]:
    flavour, version = FLAVOURS[1]
    monkeypatch.chdir(folder)
    (folder / "0.onnx").write_bytes(b"model")
    monkeypatch.setitem(sys.modules, flavour, SimulatedTrt(flavour, version, board.gpu).module)
    monkeypatch.setattr(gpu_timing, "WARM_UP_MS", 1.0)
    job = Job(nonce="n", runtime=flavour, threads=1, cores="any", task="energy", least_ms=500.0)
    try:
        run_job(Job.from_text(Job(**{**vars(job), **keys}).to_text()))
    finally:
        printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return printed


def test_the_agent_measures_engines_in_rounds(
    board: Board,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rounds = ((0, (0,)), (1, (0, 0)))
    printed = agent_says(board, tmp_path, monkeypatch, capsys, graphs=("0.onnx",), rounds=rounds)
    assert [one["event"] for one in printed] == [
        "loading",
        "cache",
        "ready",
        "energy",
        "round",
        "energy",
        "energy",
        "round",
        "done",
    ]
    for one in (printed[3], printed[5], printed[6]):
        visit = read_energy(one, ["a"])
        assert visit.millijoules == pytest.approx(300.0 * 0.4, rel=0.02)
        assert visit.inferences * 0.4 == pytest.approx(visit.ms, rel=0.02)


def test_the_agent_refuses_before_it_builds_anything(
    board: Board,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    board.counts = False
    with pytest.raises(DeviceError, match="cannot be read"):
        agent_says(board, tmp_path, monkeypatch, capsys, graphs=("0.onnx",), rounds=((0, (0,)),))
    assert board.gpu.enqueued == 0


def test_without_rounds_the_agent_says_that_it_can(
    board: Board,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed = agent_says(board, tmp_path, monkeypatch, capsys)
    assert [one["event"] for one in printed] == ["ready", "done"]


REAL = [one for one in RUNTIMES.ours if load_spec(one).on_gpu]


def real_runtime(flavour: str) -> Runtime:
    try:
        runtime = load_runtime(flavour)
    except DeviceError as error:
        if "is not installed" in str(error):
            pytest.skip(str(error))  # a machine seldom has all
        raise
    return runtime


@pytest.mark.gpu
@pytest.mark.parametrize("flavour", REAL)
def test_a_real_gpu_uses_energy_and_about_as_much_again(flavour: str, tmp_path: Path) -> None:
    runtime = real_runtime(flavour)
    path = tmp_path / "model.onnx"
    block = ConvBlock(3, 64, 3, 1, "relu", 224)
    path.write_bytes(build_graph([block], batch=8).SerializeToString())
    graph = runtime.load(path, threads=1)
    assert isinstance(graph, EnergyGraph)
    real = EnergyMeter(GpuSensors(runtime.gpu).millijoules)
    real.check()
    first, second = (real.measure(graph.start, least_ms=1000.0) for _ in range(2))
    for one in (first, second):
        assert 0 < one.millijoules < 1e5
        assert 1 < one.millijoules * one.inferences / one.ms < 2000  # watts of a board
    assert second.millijoules == pytest.approx(first.millijoules, rel=0.3)


@pytest.mark.gpu
@pytest.mark.parametrize("flavour", REAL)
def test_what_ran_before_does_not_change_what_a_graph_uses(flavour: str, tmp_path: Path) -> None:
    runtime = real_runtime(flavour)
    graphs = []
    for name, channels in (("light", 8), ("heavy", 512)):
        path = tmp_path / f"{name}.onnx"
        block = ConvBlock(channels, channels, 3, 1, "relu", 112)
        path.write_bytes(build_graph([block], batch=4).SerializeToString())
        graphs.append(runtime.load(path, threads=1))
    light, heavy = graphs
    assert isinstance(light, EnergyGraph)
    assert isinstance(heavy, EnergyGraph)
    real = EnergyMeter(GpuSensors(runtime.gpu).millijoules)
    calm = real.measure(light.start, least_ms=500.0)
    calm = real.measure(light.start, least_ms=500.0)
    real.measure(heavy.start, least_ms=1000.0)
    after = real.measure(light.start, least_ms=500.0)
    assert after.millijoules == pytest.approx(calm.millijoules, rel=0.1)
