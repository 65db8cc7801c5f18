"""The times of an engine's layers, as TensorRT's profiler reports them."""

import json
from collections.abc import Sequence
from typing import Any

Times = list[tuple[str, float]]
"""Name and ms of each layer of one inference, in the order in which they ended."""


def make_profiler(trt: Any) -> Any:
    """A profiler of TensorRT's with the times of each inference in `runs`."""

    class Profiler(trt.IProfiler):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProfiler.__init__(self)  # TensorRT's bindings require this
            self.runs: list[Times] = []

        def begin(self) -> None:
            self.runs.append([])

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            self.runs[-1].append((layer_name, ms))

    return Profiler()


def mean_times(runs: Sequence[Times]) -> dict[str, float]:
    """The mean ms of each layer over the faster half of the inferences.

    The slower half is left out because an interruption hits a single layer.
    """
    fast = sorted(runs, key=lambda run: sum(ms for _, ms in run))[: (len(runs) + 1) // 2]
    means: dict[str, float] = {}
    for run in fast:
        for name, ms in run:
            means[name] = means.get(name, 0.0) + ms / len(fast)
    return means


def layer_types(trt: Any, engine: Any) -> dict[str, str]:
    """The type of each layer of an engine built with details, as far as it reports them."""
    inspector = engine.create_engine_inspector()
    text = inspector.get_engine_information(trt.LayerInformationFormat.JSON)
    try:
        layers = json.loads(text)["Layers"]
        return {one["Name"]: one["LayerType"] for one in layers if "LayerType" in one}
    except (ValueError, KeyError, TypeError):  # an engine without details lists names alone
        return {}
