"""The loop that times on a GPU, on one that is simulated: all figures are exact."""

from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.runtimes import gpu_timing
from hwnas.devices.runtimes.cuda import Cuda
from hwnas.devices.runtimes.gpu_timing import MOST_RUNS, WARM_UP_MS, GpuTimer, is_unstable
from tests.devices.runtimes.fake_cuda import Gpu


def timer(gpu: Gpu, times: Iterator[float]) -> GpuTimer:
    return GpuTimer(Cuda().stream(), lambda: gpu.enqueue(lambda: next(times)), gpu.clock)


def test_a_sample_is_the_time_of_the_gpu_and_not_that_of_the_launch(gpu: Gpu) -> None:
    one = timer(gpu, repeat(0.1))
    assert one.time(least_runs=5, least_ms=0.0) == pytest.approx([0.1] * 5)
    assert one.warnings == ()


def test_a_graph_is_captured_once_and_launched_from_then_on(gpu: Gpu) -> None:
    one = timer(gpu, repeat(0.1))
    for _ in range(3):
        one.time(least_runs=5, least_ms=0.0)
    assert gpu.enqueued == 2  # one before the capture, one in it
    assert gpu.launches > 15


def test_what_cannot_be_captured_is_enqueued_and_said(gpu: Gpu) -> None:
    gpu.capturable = False
    one = timer(gpu, repeat(0.1))
    assert one.time(least_runs=5, least_ms=0.0) == pytest.approx([0.1] * 5)
    assert (gpu.launches, one.warnings) == (0, ("no_cuda_graph",))


def test_work_that_refuses_to_be_captured_is_enqueued(gpu: Gpu) -> None:
    def enqueue() -> None:
        if gpu.capturing is not None:
            raise DeviceError("not in a capture")
        gpu.enqueue(lambda: 0.1)

    one = GpuTimer(Cuda().stream(), enqueue, gpu.clock)
    assert len(one.time(least_runs=5, least_ms=0.0)) == 5
    assert (gpu.capturing, one.warnings) == (None, ("no_cuda_graph",))


def test_the_long_warm_up_is_made_once_a_graph(gpu: Gpu) -> None:
    one = timer(gpu, repeat(1.0))
    before = gpu.now
    one.time(least_runs=5, least_ms=0.0)
    first, before = gpu.now - before, gpu.now
    one.time(least_runs=5, least_ms=0.0)
    second = gpu.now - before
    assert WARM_UP_MS * 1e6 < first < (WARM_UP_MS + 20) * 1e6
    assert 5e6 < second < 10e6


def test_a_cold_first_inference_is_no_sample(gpu: Gpu) -> None:
    one = timer(gpu, repeat(0.2))
    one.time(least_runs=1, least_ms=0.0)
    cold = GpuTimer(Cuda().stream(), lambda: None, gpu.clock)
    times = chain([5.0], repeat(0.2))
    cold._launch, cold._captured = (lambda: gpu.do(lambda: next(times))), True
    assert cold.time(least_runs=5, least_ms=0.0) == pytest.approx([0.2] * 5)


def test_a_visit_lasts_as_long_as_asked_but_not_for_ever(gpu: Gpu) -> None:
    one = timer(gpu, repeat(0.1))
    assert 18 <= len(one.time(least_runs=5, least_ms=2.0)) <= 22
    assert len(one.time(least_runs=5, least_ms=1e9)) == MOST_RUNS
    assert len(one.time(least_runs=2 * MOST_RUNS, least_ms=0.0)) == 2 * MOST_RUNS


def test_a_graph_shorter_than_its_launch_is_told(gpu: Gpu) -> None:
    gpu.launch_ns = 90_000.0
    one = timer(gpu, repeat(0.1))
    one.time(least_runs=9, least_ms=0.0)
    assert one.warnings == ("enqueue_bound",)


def test_clocks_that_move_are_told(gpu: Gpu) -> None:
    steady = chain(repeat(0.1, 3000), repeat(0.104))
    one = timer(gpu, chain(repeat(0.1, 2100), steady))
    assert one.time(least_runs=20, least_ms=0.0) == pytest.approx([0.1] * 20)
    assert one.warnings == ()
    drifting = (0.1 * 1.01**n for n in range(10**6))
    slower = timer(gpu, chain(repeat(0.1, 2010), drifting))
    samples = slower.time(least_runs=20, least_ms=0.0)
    assert samples == sorted(samples)
    assert slower.warnings == ("unstable",)
    # The warning is the last visit's.
    slower._launch = lambda: gpu.do(lambda: 0.1)
    slower.time(least_runs=20, least_ms=0.0)
    assert slower.warnings == ()


def test_a_visit_leaves_nothing_behind_that_would_run_into_the_next(gpu: Gpu) -> None:
    one = timer(gpu, repeat(1.0))
    one.time(least_runs=3, least_ms=0.0)
    assert gpu.free_at <= gpu.now


def test_what_is_too_short_for_the_clock_still_took_time(gpu: Gpu) -> None:
    gpu.launch_ns = gpu.call_ns = 0.0
    one = timer(gpu, repeat(1e-9))
    one._launch = lambda: gpu.do(lambda: 0.0)
    assert one.time(least_runs=3, least_ms=0.0) == [gpu_timing._STEP_MS] * 3


def test_times_are_unstable_above_a_variation_of_two_and_a_half_percent() -> None:
    assert not is_unstable([0.976, 1.024])
    assert is_unstable([0.974, 1.026])
