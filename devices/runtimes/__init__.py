"""Runtimes by the name that device configs use: one line each, imported only where they run."""

from importlib import import_module

from devices.runtimes.runtime import LoadedGraph, Runtime

RUNTIMES = {"onnxruntime": "devices.runtimes.onnxruntime:OnnxRuntime"}


def load_runtime(name: str) -> Runtime:
    """The runtime of a registered name."""
    module, attribute = RUNTIMES[name].split(":")
    runtime: Runtime = getattr(import_module(module), attribute)()
    return runtime


__all__ = ["RUNTIMES", "LoadedGraph", "Runtime", "load_runtime"]
