"""ONNX Runtime on the CPU."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from devices.errors import DeviceError

PROVIDER = "CPUExecutionProvider"
# A visit of a graph of microseconds would otherwise take thousands of samples.
MOST_RUNS = 100


class OnnxRuntime:
    """Loads ONNX files into sessions with a fixed number of threads."""

    @property
    def version(self) -> str:
        """The version of the installed wheel."""
        return str(ort.__version__)

    def load(self, model: Path, *, threads: int) -> "OnnxRuntimeGraph":
        """Loads an ONNX file.

        Raises:
            DeviceError: the file cannot be loaded, or not by the CPU provider.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = ort.InferenceSession(str(model), options, providers=[PROVIDER])
        except Exception as error:  # ONNX Runtime's errors share no base but Exception
            raise DeviceError(f"ONNX Runtime cannot load {model.name}: {error}") from error
        return OnnxRuntimeGraph(session)


class OnnxRuntimeGraph:
    """One session, its input filled with fixed random values."""

    def __init__(self, session: ort.InferenceSession) -> None:
        """Takes a session with one input of a fixed shape and one output."""
        providers = session.get_providers()
        if providers[0] != PROVIDER:  # it falls back silently to what it can load
            raise DeviceError(f"ONNX Runtime uses {providers[0]} instead of {PROVIDER}")
        self._session = session
        self._input = session.get_inputs()[0]
        self._outputs = [session.get_outputs()[0].name]
        generator = np.random.default_rng(0)
        self._image = generator.standard_normal(self._input.shape).astype(np.float32)

    @property
    def provider(self) -> str:
        """The execution provider of the session."""
        return PROVIDER

    def run(self, image: NDArray[Any]) -> NDArray[Any]:
        """The output for one input batch."""
        return np.asarray(self._session.run(self._outputs, {self._input.name: image})[0])

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        """Milliseconds of consecutive inferences, after one that is not counted."""
        run, outputs, feed = self._session.run, self._outputs, {self._input.name: self._image}
        clock = time.perf_counter_ns
        run(outputs, feed)
        samples: list[float] = []
        start = clock()
        while len(samples) < least_runs or (
            clock() - start < least_ms * 1e6 and len(samples) < MOST_RUNS
        ):
            before = clock()
            run(outputs, feed)
            samples.append((clock() - before) / 1e6)
        return samples
