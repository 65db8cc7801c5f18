"""ONNX Runtime: sessions, graphs wherever they run, and the runtime of the CPU."""

import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from hwnas.core.errors import DeviceError
from hwnas.devices.runtimes.feed import filled
from hwnas.devices.runtimes.ort_profile import by_operator
from hwnas.devices.runtimes.runtime import Operator

# A visit of a graph of microseconds would otherwise take thousands of samples.
MOST_RUNS = 100
# The first inferences after another graph find the wrong data in the caches: on a server core the
# first inference of a block of 0.1 ms takes 15 to 20 % longer than later ones, the fourth 2 %.
WARM_UP_RUNS = 4
WARM_UP_MS = 1.0

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


@dataclass(frozen=True)
class SessionPlace:
    """Where a session runs.

    Attributes:
        provider: ONNX Runtime's name of the execution provider.
        device: where its tensors lie, as ONNX Runtime calls it; the first one of its kind.
        options: of the provider.
    """

    provider: str
    device: str
    options: Mapping[str, str] = field(default_factory=dict)


CPU = SessionPlace("CPUExecutionProvider", "cpu")


class OnnxRuntime:
    """Loads ONNX files into sessions with a fixed number of threads."""

    @property
    def version(self) -> str:
        """The version of the installed wheel."""
        return str(ort.__version__)

    @property
    def gpu(self) -> str:
        """No GPU: ""."""
        return ""

    def load(self, model: Path, *, threads: int) -> "OnnxRuntimeGraph":
        """Loads an ONNX file.

        Raises:
            DeviceError: the file cannot be loaded, or not by the CPU provider.
        """
        return OnnxRuntimeGraph(open_session(model, session_options(threads), CPU), CPU)

    def operators(self, model: Path, *, threads: int, runs: int) -> list[Operator]:
        """The kernel time of each operator, from ONNX Runtime's profile.

        Raises:
            DeviceError: the file cannot be loaded.
        """
        options = session_options(threads)
        # In the working folder, where it goes with the graphs even after a kill.
        with tempfile.TemporaryDirectory(prefix="profile-", dir=".") as folder:
            options.enable_profiling = True
            options.profile_file_prefix = f"{folder}/profile"
            session = open_session(model, options, CPU)
            feed = _feed(session)
            for _ in range(WARM_UP_RUNS + runs):
                session.run(None, feed)
            events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
        return by_operator(events, runs, CPU.provider)


class OnnxRuntimeGraph:
    """One session, its inputs filled with fixed random values, in buffers of its own.

    Inputs and outputs stay where they are between inferences, as the tensors between the blocks of
    a network do: allocating each output again took 4 % of the time of a block of 0.1 ms.
    """

    def __init__(self, session: ort.InferenceSession, place: SessionPlace) -> None:
        """Takes a session whose inputs have fixed shapes.

        Raises:
            DeviceError: it does not run at that place, or an input cannot be filled.
        """
        providers = session.get_providers()
        if providers[0] != place.provider:  # ONNX Runtime falls back silently
            raise DeviceError(f"ONNX Runtime uses {providers[0]} instead of {place.provider}")
        self._session, self._place = session, place
        self._binding = session.io_binding()
        for name, array in _feed(session).items():
            value = ort.OrtValue.ortvalue_from_numpy(array, place.device)
            self._binding.bind_ortvalue_input(name, value)
        for output in session.get_outputs():
            if all(isinstance(size, int) for size in output.shape) and output.type in _TYPES:
                value = ort.OrtValue.ortvalue_from_shape_and_type(
                    output.shape, _TYPES[output.type], place.device
                )
                self._binding.bind_ortvalue_output(output.name, value)
            else:
                self._binding.bind_output(output.name, place.device)
        self._binding.synchronize_inputs()  # they may be copied by another stream than inferences

    @property
    def provider(self) -> str:
        """The execution provider of the session."""
        return self._place.provider

    @property
    def warnings(self) -> tuple[str, ...]:
        """None: what disturbs a processor is found by its conditions."""
        return ()

    def run(self, image: NDArray[Any]) -> NDArray[Any]:
        """The first output for one input batch, of a graph with one input."""
        name = self._session.get_inputs()[0].name
        return np.asarray(self._session.run(None, {name: image})[0])

    def run_raw(self, raw: bytes) -> list[float]:
        """The first output, flat, for the raw values of the only input.

        Raises:
            DeviceError: the input has another number of values.
        """
        first = self._session.get_inputs()[0]
        dtype = np.dtype(_TYPES[first.type])
        if len(raw) != dtype.itemsize * int(np.prod(first.shape)):
            raise DeviceError(f"the input {first.name} is {first.shape}, not of {len(raw)} bytes")
        image = np.frombuffer(raw, dtype).reshape(first.shape)
        return [float(value) for value in self.run(image).ravel()]

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        """Milliseconds of consecutive inferences, after one to four that are not counted."""
        run, binding, clock = self._session.run_with_iobinding, self._binding, time.perf_counter_ns
        start, warm_up = clock(), 0
        while not warm_up or (clock() - start < WARM_UP_MS * 1e6 and warm_up < WARM_UP_RUNS):
            run(binding)
            warm_up += 1
        samples: list[float] = []
        start = clock()
        while len(samples) < least_runs or (
            clock() - start < least_ms * 1e6 and len(samples) < MOST_RUNS
        ):
            before = clock()
            run(binding)
            samples.append((clock() - before) / 1e6)
        return samples

    def infer(self) -> None:
        """Runs one inference to its end, on the values that the inputs hold."""
        self._session.run_with_iobinding(self._binding)


def session_options(threads: int) -> ort.SessionOptions:
    """How every session runs."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A job holds many sessions: between inferences the threads of one would take the cores from
    # the next. Within an inference they spin, as those of a network that runs alone do.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def open_session(
    model: Path, options: ort.SessionOptions, place: SessionPlace, **settings: Any
) -> ort.InferenceSession:
    """The session of an ONNX file; `settings` are further ones of ONNX Runtime's.

    Raises:
        DeviceError: the file cannot be loaded.
    """
    try:
        providers = [(place.provider, dict(place.options))]
        return ort.InferenceSession(str(model), options, providers=providers, **settings)
    except Exception as error:  # ONNX Runtime's errors share no base but Exception
        raise DeviceError(f"ONNX Runtime cannot load {model.name}: {error}") from error


def _feed(session: ort.InferenceSession) -> dict[str, NDArray[Any]]:
    generator = np.random.default_rng(0)
    feed = {}
    for one in session.get_inputs():
        if one.type not in _TYPES:
            raise DeviceError(f"the input {one.name} is a {one.type}, which cannot be filled")
        feed[one.name] = filled(one.shape, np.dtype(_TYPES[one.type]), generator)
    return feed
