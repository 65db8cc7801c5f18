"""A runtime for hwnas: ONNX Runtime that fuses no operators, to see what fusing them gains.

It shows all that a runtime has to do: load a file, compute, and time itself. This module is
imported on the target. Of hwnas it imports only what is sent there: `hwnas.core.errors` and
`hwnas.devices.runtimes`.
"""

import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

from hwnas.core.errors import DeviceError
from hwnas.devices.runtimes import Operator, RuntimeSpec
from hwnas.devices.runtimes.feed import filled

SPEC = RuntimeSpec("unfused", "hwnas_unfused:UnfusedRuntime", profiles_operators=False)
MOST_RUNS = 100


class UnfusedRuntime:
    """Loads ONNX files with one input of float32, of a fixed shape."""

    version = ort.__version__
    gpu = ""

    def load(self, model: Path, *, threads: int) -> "UnfusedGraph":
        """Loads a file.

        Raises:
            DeviceError: it is not a model, or not of such a form.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        try:
            session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors share no base but Exception
            raise DeviceError(f"ONNX Runtime cannot load {model.name}: {error}") from error
        return UnfusedGraph(session)

    def operators(self, model: Path, *, threads: int, runs: int) -> list[Operator]:
        """None: the specification says so.

        Raises:
            DeviceError: always.
        """
        del threads, runs
        raise DeviceError(f"the runtime unfused makes no profile of {model.name}")


class UnfusedGraph:
    """One graph, its input filled with random values."""

    warnings = ()

    def __init__(self, session: ort.InferenceSession) -> None:
        """Takes a session with one input."""
        (self._input,) = session.get_inputs()
        if self._input.type != "tensor(float)":
            raise DeviceError(f"the input is a {self._input.type}, and must be tensor(float)")
        self._session = session
        image = filled(self._input.shape, np.dtype(np.float32), np.random.default_rng(0))
        self._feed = {self._input.name: image}

    @property
    def provider(self) -> str:
        """What executes it."""
        return str(self._session.get_providers()[0])

    def run(self, image: np.ndarray) -> np.ndarray:
        """The first output for one input batch."""
        return np.asarray(self._session.run(None, {self._input.name: image})[0])

    def run_raw(self, raw: bytes) -> list[float]:
        """The first output, flat, for the raw values of the input.

        Raises:
            DeviceError: they are not as many as the input has.
        """
        shape = self._input.shape
        if len(raw) != 4 * int(np.prod(shape)):
            raise DeviceError(f"the input is {shape}, not of {len(raw)} bytes")
        image = np.frombuffer(raw, np.float32).reshape(shape)
        return [float(value) for value in self.run(image).ravel()]

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        """Milliseconds of consecutive inferences, after one that is not counted."""
        self._session.run(None, self._feed)
        samples: list[float] = []
        while len(samples) < least_runs or (sum(samples) < least_ms and len(samples) < MOST_RUNS):
            before = time.perf_counter_ns()
            self._session.run(None, self._feed)
            samples.append((time.perf_counter_ns() - before) / 1e6)
        return samples
