"""Foreign models: ONNX files from elsewhere, made ready to be timed, and timed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hwnas.core.errors import ConfigError
from hwnas.core.progress import Progress
from hwnas.devices.deployments import DEPLOYMENTS
from hwnas.devices.device import Device
from hwnas.devices.engine import SUFFIX
from hwnas.devices.runtimes import RUNTIMES, Operator, load_spec
from hwnas.devices.target import open_target
from hwnas.latency.engine import load_engine
from hwnas.latency.measure import run_sessions
from hwnas.latency.noise import measured_twice
from hwnas.latency.onnx_file import precision_of, read_model
from hwnas.latency.schedule import Schedule
from hwnas.latency.shapes import fix_shapes, model_inputs, open_inputs, parse_shapes
from hwnas.latency.suggestions import Trial, ask_for_shapes, run_here
from hwnas.latency.values import parse_values, set_values, shapes_of_values, single_numbers
from hwnas.latency.visit_log import MemoryLog
from hwnas.latency.visits import LatencySummary

_NAME = "model"
# The profile is taken for about so long, within a least and a most number of inferences.
_PROFILE_MS = 1000.0
_LEAST_RUNS, _MOST_RUNS = 6, 100


@dataclass(frozen=True)
class Foreign:
    """A model from elsewhere, ready to be timed.

    Attributes:
        content: serialised ONNX, or an engine.
        precision: what it computes in, as "fp32" or "int8"; None where that is not known.
        unset: inputs of one whole number whose value nobody gave: it is 0 or 1 by chance.
    """

    content: bytes
    precision: str | None
    unset: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What is known of a model that was timed as it is.

    Attributes:
        summary: of its latency, in ms.
        noise: difference of the latencies by two halves of the sessions, relative to their mean.
        affected: share of the visits during which the machine was slow; they were set aside.
        operators: of the runtime's own profile, in the order of execution: `name`, `type`,
            `provider`, `ms`; empty when not asked for, or not to be had.
    """

    summary: LatencySummary
    noise: float
    affected: float
    operators: list[Operator]


def load_model(
    path: Path, shapes: Sequence[str] = (), values: Sequence[str] = (), *, trial: Trial = run_here
) -> Foreign:
    """An ONNX file with fixed input shapes and all its weights.

    Args:
        path: the file.
        shapes: what `--shape` says, as in "input=1x3x224x224".
        values: what `--input` says, as in "sr=16000".
        trial: runs what is proposed for axes that are open still.

    Raises:
        ConfigError: the file cannot be read, or shapes or values are wrong or missing.
    """
    model = read_model(path)
    inputs = model_inputs(model, path.name)
    given = parse_values(values, inputs, path.name)
    chosen = shapes_of_values(given, inputs) | parse_shapes(shapes, inputs, path.name)
    fix_shapes(model, chosen, inputs)
    if open_inputs(inputs):
        raise ask_for_shapes(model, given, path.name, trial)
    set_values(model, given, path.name)
    unset = tuple(name for name in single_numbers(inputs) if name not in given)
    return Foreign(bytes(model.SerializeToString()), precision_of(model), unset)


def options_of(files: Iterable[Path], options: Sequence[str]) -> dict[Path, list[str]]:
    """Which options of inputs are meant for which of several files, by the inputs that they name.

    An option that names an input of none of them, or no input at all, is for every file: what is
    wrong with it is said where it is used.

    Args:
        files: ONNX files, or engines, which have no options.
        options: as in "input=1x3x224x224" or "sr=16000".

    Raises:
        ConfigError: a file cannot be read.
    """
    every = list(files)
    if not options or len(every) < 2:
        return {file: list(options) for file in every}
    inputs = {
        file: model_inputs(read_model(file), file.name) for file in every if file.suffix != SUFFIX
    }
    found: dict[Path, list[str]] = {file: [] for file in every}
    for option in options:
        having = [file for file in inputs if _names_one_of(option, inputs[file])]
        for file in having or every:
            found[file].append(option)
    return found


def _names_one_of(option: str, names: Iterable[str]) -> bool:
    return any(option.strip().startswith(f"{name}=") for name in names)


def load_any(
    path: Path, shapes: Sequence[str], device: Device, values: Sequence[str] = ()
) -> Foreign:
    """What can be timed on a device: an ONNX file, see `load_model`, or an engine of that device.

    Raises:
        ConfigError: the file cannot be read, shapes or values are wrong or missing, or the engine
            is another device's.
        DeviceError: the device, asked whether the engine is its own, failed.
    """
    if path.suffix == SUFFIX:
        if shapes or values:
            option = "--shape" if shapes else "--input"
            raise ConfigError(
                f"the inputs of {path} were fixed when it was built; leave out {option}"
            )
        return Foreign(load_engine(path, device), None)
    if values and not device.runtime_spec.takes_values:
        known = [name for name in RUNTIMES.ours if load_spec(name).takes_values]
        raise ConfigError(
            f"--input gives values only to {' and '.join(known)}, and {device.name} "
            f"has 'runtime: {device.runtime}', which would treat them as weights; leave out "
            "--input, or name another --device"
        )
    return load_model(path, shapes, values)


def measure_any(
    device: Device,
    model: bytes,
    schedule: Schedule | None = None,
    progress: Progress | None = None,
    *,
    operators: bool = True,
) -> Measured:
    """Times a model as the blocks and networks of a table are timed, and profiles it.

    The profile is a pass of its own, because it slows what it looks at.

    Args:
        device: where; its precision does not matter, the model is run as it is.
        model: serialised, with fixed input shapes, or an engine.
        schedule: how often it is visited, in two sessions at least.
        progress: called after every few visits.
        operators: whether to profile it, where the device can, see `can_profile`.

    Raises:
        DeviceError: the device failed, or its runtime cannot run the model.
    """
    measured = measure_several(device, {_NAME: model}, schedule, progress)[_NAME]
    if not operators or not can_profile(device):
        return measured
    return replace(measured, operators=_profile(device, model, measured.summary.median))


def measure_several(
    device: Device,
    models: Mapping[str, bytes],
    schedule: Schedule | None = None,
    progress: Progress | None = None,
) -> dict[str, Measured]:
    """Times models as `measure_any` does, in turn within every round, without their operators.

    Args:
        device: where; its precision does not matter, models are run as they are.
        models: serialised, with fixed input shapes, or engines, by name.
        schedule: how often each is visited, in two sessions at least.
        progress: called after every few visits.

    Raises:
        DeviceError: the device failed, or its runtime cannot run a model.
    """
    log = MemoryLog()
    graphs = {name: partial(models.__getitem__, name) for name in models}
    run_sessions(device, graphs, log, schedule or Schedule(), progress)
    visits = log.visits()
    share = visits.affected_share()
    return {
        name: Measured(visits.summary(name), measured_twice(visits, name), share, [])
        for name in models
    }


def can_profile(device: Device) -> bool:
    """Whether a device reports how long each operator takes: its agent and its runtime have to."""
    deployment = DEPLOYMENTS.load(device.agent)(device)
    return deployment.profiles and device.runtime_spec.profiles_operators


def by_type(operators: Sequence[Operator]) -> list[tuple[str, int, float, float]]:
    """Type, number, ms and share (0 to 1) of the operators of each type, the longest first."""
    total = sum(operator["ms"] for operator in operators)
    types: dict[str, list[float]] = {}
    for operator in operators:
        types.setdefault(operator["type"], []).append(operator["ms"])
    rows = [
        (name, len(ms), sum(ms), sum(ms) / total if total else 0.0) for name, ms in types.items()
    ]
    return sorted(rows, key=lambda row: -row[2])


def _profile(device: Device, model: bytes, ms: float) -> list[Operator]:
    runs = min(max(round(_PROFILE_MS / ms), _LEAST_RUNS), _MOST_RUNS)
    with open_target(device) as target:
        target.add(_NAME, model)
        return target.operators(_NAME, runs=runs)
