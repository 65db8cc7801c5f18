"""Foreign models: ONNX files from elsewhere, made ready to be timed, and timed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx.external_data_helper import load_external_data_for_model, uses_external_data

from devices.agents import AGENTS
from devices.device import Device
from devices.engine import SUFFIX
from devices.errors import ConfigError
from devices.runtimes import WITHOUT_PROFILE
from devices.target import open_target
from latency.engine import load_engine
from latency.measure import MemoryLog, Progress, run_sessions
from latency.noise import measured_twice
from latency.schedule import Schedule
from latency.shapes import fix_shapes
from latency.visits import Summary

MOST_BYTES = 2**31 - 1
"""Of a serialised ONNX model: protobuf's limit."""

_NAME = "model"
# The profile is taken for about so long, within a least and a most number of inferences.
_PROFILE_MS = 1000.0
_LEAST_RUNS, _MOST_RUNS = 6, 100


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

    summary: Summary
    noise: float
    affected: float
    operators: list[dict[str, Any]]


def load_model(path: Path, shapes: Sequence[str]) -> bytes:
    """An ONNX file with fixed input shapes and all its weights, serialised.

    Args:
        path: the file.
        shapes: what `--shape` says, as in "input=1x3x224x224".

    Raises:
        ConfigError: the file cannot be read, or the shapes are wrong or missing.
    """
    model = _read(path)
    _load_weights(model, path)
    fix_shapes(model, shapes, path.name)
    return bytes(model.SerializeToString())


def load_any(path: Path, shapes: Sequence[str], device: Device) -> bytes:
    """What can be timed on a device: an ONNX file, see `load_model`, or an engine of that device.

    Raises:
        ConfigError: the file cannot be read, the shapes are wrong or missing, or the engine is
            another device's.
        DeviceError: the device, asked whether the engine is its own, failed.
    """
    if path.suffix != SUFFIX:
        return load_model(path, shapes)
    if shapes:
        raise ConfigError(f"the shapes of {path} were fixed when it was built; leave --shape out")
    return load_engine(path, device)


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
        progress: told after every few visits.
        operators: whether to profile it, where the device can, see `can_profile`.

    Raises:
        DeviceError: the device failed, or its runtime cannot run the model.
    """
    log = MemoryLog()
    run_sessions(device, {_NAME: lambda: model}, log, schedule or Schedule(), progress)
    visits = log.visits()
    summary = visits.summary(_NAME)
    found = _profile(device, model, summary.median) if operators and can_profile(device) else []
    return Measured(summary, measured_twice(visits, _NAME), visits.affected_share(), found)


def can_profile(device: Device) -> bool:
    """Whether a device tells how long each operator takes: its agent and its runtime have to."""
    return AGENTS[device.agent](device).profiles and device.runtime not in WITHOUT_PROFILE


def by_type(operators: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, float, float]]:
    """Type, number, ms and share (0 to 1) of the operators of each type, the longest first."""
    total = sum(operator["ms"] for operator in operators)
    types: dict[str, list[float]] = {}
    for operator in operators:
        types.setdefault(operator["type"], []).append(operator["ms"])
    rows = [(name, len(ms), sum(ms), sum(ms) / total if total else 0.0)
            for name, ms in types.items()]  # fmt: skip
    return sorted(rows, key=lambda row: -row[2])


def _profile(device: Device, model: bytes, ms: float) -> list[dict[str, Any]]:
    runs = min(max(round(_PROFILE_MS / ms), _LEAST_RUNS), _MOST_RUNS)
    with open_target(device) as target:
        target.add(_NAME, model)
        return target.operators(_NAME, runs=runs)


def _read(path: Path) -> onnx.ModelProto:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name an ONNX file in it")
    if not path.exists():
        raise ConfigError(f"there is no file {path}; name an ONNX file")
    try:
        _check_size(path, path.stat().st_size)
        model = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except DecodeError:
        model = onnx.ModelProto()
    if not model.graph.output:  # an empty file is a valid message too
        raise ConfigError(f"{path} is no ONNX model; export it anew, or name another file")
    return model


def _load_weights(model: onnx.ModelProto, path: Path) -> None:
    """Reads the weights that are stored beside the file into the model."""
    entries = [
        (entry.key, entry.value)
        for tensor in model.graph.initializer
        if uses_external_data(tensor)
        for entry in tensor.external_data
    ]
    # Before they are read, because they may not fit into memory.
    outside = sum(int(value) for key, value in entries if key == "length" and value.isdecimal())
    _check_size(path, model.ByteSize() + outside)
    try:
        load_external_data_for_model(model, str(path.parent))
    except (onnx.checker.ValidationError, ValueError, OSError) as error:
        files = ", ".join(sorted({value for key, value in entries if key == "location"}))
        raise ConfigError(
            f"the weights of {path} are in {files or 'other files'}, which cannot be read: put the "
            f"files that belong to it beside it ({error})"
        ) from error
    _check_size(path, model.ByteSize())


def _check_size(path: Path, size: int) -> None:
    if size > MOST_BYTES:
        raise ConfigError(
            f"{path} has {size / 1e9:.1f} GB with its weights, and a model that is brought to a "
            "device has at most 2 GB; quantise or split it"
        )
