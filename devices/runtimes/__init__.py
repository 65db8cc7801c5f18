"""Runtimes by the name that device configs use: one line each, imported only where they run."""

from importlib import import_module

from hwnas.devices.runtimes.runtime import (
    BuildingRuntime,
    CachingRuntime,
    EnergyGraph,
    LoadedGraph,
    Runtime,
)

RUNTIMES = {
    "onnxruntime": "hwnas.devices.runtimes.onnxruntime:OnnxRuntime",
    "onnxruntime_cuda": "hwnas.devices.runtimes.ort_cuda:OnnxRuntimeCuda",
    "tensorrt": "hwnas.devices.runtimes.tensorrt:tensorrt",
    "tensorrt_rtx": "hwnas.devices.runtimes.tensorrt:tensorrt_rtx",
}
ON_GPUS = ("onnxruntime_cuda", "tensorrt", "tensorrt_rtx")
"""Those that need one, and compute in half precision if asked to."""
BUILDING = ("tensorrt", "tensorrt_rtx")
"""Those that build engines, see `BuildingRuntime`."""
WITHOUT_INT8 = ("onnxruntime_cuda",)
"""Those that have no kernels for convolutions of integers."""
GRAPHS_A_JOB = {"onnxruntime_cuda": 16}
"""How many graphs a job may hold where each has much of the GPU's memory for itself: an arena, the
handles of cuBLAS and cuDNN, the workspaces of its convolutions."""
WITHOUT_PROFILE = ("onnxruntime_cuda",)
"""Those that cannot tell how long each operator takes."""


def load_runtime(name: str) -> Runtime:
    """The runtime of a registered name.

    Raises:
        DeviceError: it cannot run on this machine.
    """
    module, attribute = RUNTIMES[name].split(":")
    runtime: Runtime = getattr(import_module(module), attribute)()
    return runtime


__all__ = [
    "BUILDING",
    "GRAPHS_A_JOB",
    "ON_GPUS",
    "RUNTIMES",
    "WITHOUT_INT8",
    "WITHOUT_PROFILE",
    "BuildingRuntime",
    "CachingRuntime",
    "EnergyGraph",
    "LoadedGraph",
    "Runtime",
    "load_runtime",
]
