"""What a file costs a process of its own: loading, the first inference, the others, memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwnas.core.errors import DeviceError
from hwnas.latency.process_cost import Cost, CostSchedule, Program, process_costs
from hwnas.networks.blocks import ConvBlock, Head
from hwnas.networks.graph import build_graph

LOADER = "hwnas.export.formats.onnx:load_session"
SHAPE = (1, 3, 8, 8)
ONCE = CostSchedule(processes=1, least_runs=5, least_ms=0)


def saved(path: Path, hidden: int) -> Program:
    network = (ConvBlock(3, 8, 3, 2, "relu", 8), Head(8, hidden, hidden, 4, "relu", 4))
    onnx.save(build_graph(network), path)
    return Program(LOADER, path, "fp32", SHAPE)


def test_a_larger_file_takes_more_memory_and_longer_to_load(tmp_path: Path) -> None:
    programs = {
        "small": saved(tmp_path / "small.onnx", 8),
        "large": saved(tmp_path / "large.onnx", 2500),  # 25 MB of weights
    }
    seen: list[tuple[int, int]] = []
    found = process_costs(
        programs, schedule=ONCE, progress=lambda done, total: seen.append((done, total))
    )
    small, large = found["small"], found["large"]
    assert isinstance(small, Cost)
    assert isinstance(large, Cost)
    assert 0 < small.p50_ms <= small.p99_ms
    assert small.load_ms < large.load_ms
    assert large.peak_bytes - large.empty_bytes > 20e6 + (small.peak_bytes - small.empty_bytes)
    # Its memory is its own, and not that of the process that started it.
    assert np.isclose(small.empty_bytes, large.empty_bytes, rtol=0.1)
    assert seen == [(1, 2), (2, 2)]


def test_a_file_that_cannot_be_run_does_not_lose_the_others(tmp_path: Path) -> None:
    (tmp_path / "damaged.onnx").write_bytes(b"no model")
    damaged = Program(LOADER, tmp_path / "damaged.onnx", "fp32", SHAPE)
    programs = {"damaged": damaged, "whole": saved(tmp_path / "whole.onnx", 8)}
    found = process_costs(programs, schedule=CostSchedule(2, least_runs=1, least_ms=0))
    assert isinstance(found["damaged"], DeviceError)
    assert "ONNX Runtime cannot load damaged.onnx" in str(found["damaged"])
    whole = found["whole"]
    assert isinstance(whole, Cost)
    assert whole.spread >= 0


@pytest.mark.parametrize("module", ["onnx", "litert"])
def test_a_process_that_measures_a_file_loads_no_other_runtime(module: str) -> None:
    text = f"import hwnas.export.formats.{module}, sys; print('torch' in sys.modules)"
    command = [sys.executable, "-c", text]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "False\n"
