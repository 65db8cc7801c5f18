"""Runtimes by the name that device configs use: one specification each."""

from hwnas.core.errors import DeviceError
from hwnas.core.registry import Registry
from hwnas.devices.runtimes.runtime import (
    BuildingRuntime,
    CachingRuntime,
    EnergyGraph,
    LoadedGraph,
    Operator,
    Runtime,
)
from hwnas.devices.runtimes.spec import RuntimeSpec

_OURS = (
    RuntimeSpec(
        "onnxruntime",
        "hwnas.devices.runtimes.onnxruntime:OnnxRuntime",
        int8="asymmetric",
        native=True,
        takes_values=True,
        shares_cache=True,
    ),
    RuntimeSpec(
        "onnxruntime_cuda",
        "hwnas.devices.runtimes.ort_cuda:OnnxRuntimeCuda",
        on_gpu=True,
        fp16=True,
        profiles_operators=False,
        # Each session has much of the GPU's memory for itself: an arena, the handles of cuBLAS and
        # cuDNN, the workspaces of its convolutions.
        graphs_per_job=16,
        takes_values=True,
        shares_cache=True,
    ),
    RuntimeSpec(
        "tensorrt",
        "hwnas.devices.runtimes.tensorrt:tensorrt",
        on_gpu=True,
        fp16=True,
        int8="symmetric",
        builds_engines=True,
        shares_cache=True,
    ),
    RuntimeSpec(
        "tensorrt_rtx",
        "hwnas.devices.runtimes.tensorrt:tensorrt_rtx",
        on_gpu=True,
        fp16=True,
        int8="symmetric",
        builds_engines=True,
    ),
)

RUNTIMES = Registry(
    "runtime", "hwnas.runtimes", {spec.name: spec for spec in _OURS}, error=DeviceError
)


def load_spec(name: str) -> RuntimeSpec:
    """The specification of a runtime.

    Raises:
        DeviceError: no runtime has this name, or what a package brings by it is something else.
    """
    return RUNTIMES.load_as(name, RuntimeSpec)


def load_runtime(name: str) -> Runtime:
    """The runtime of a name, on this machine.

    Raises:
        DeviceError: there is none of this name, or it cannot run here.
    """
    return load_spec(name).make()


__all__ = [
    "RUNTIMES",
    "BuildingRuntime",
    "CachingRuntime",
    "EnergyGraph",
    "LoadedGraph",
    "Operator",
    "Runtime",
    "RuntimeSpec",
    "load_runtime",
    "load_spec",
]
