"""Engines as files: built on a device, with what says so beside them, and read back."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwnas.core.errors import ConfigError, DeviceError
from hwnas.devices.device import Device
from hwnas.devices.engine import SUFFIX, Engine
from hwnas.devices.target import open_target
from hwnas.latency.identity import identity_of, read_fingerprint

SIDECAR = f"{SUFFIX}.json"
"""Of the file beside an engine, "model.engine.json", that says what it was built for."""

# What must be the same where an engine is to run: its kernels are this GPU's, and TensorRT reads
# engines of its own version alone.
_MUST_BE = ("runtime", "runtime_version", "provider")
_MOST_TEXT = 2000


@dataclass(frozen=True)
class BuiltEngine:
    """An engine that a device has built and run once.

    Attributes:
        content: the engine.
        about: for the file beside it: `runtime`, `runtime_version`, `provider` (the product and the
            GPU), `machine`, `precision`, `batch`, and `sha256` of the engine, of the ONNX file
            (`onnx_sha256`) and of the timing cache that it was built with (`cache_sha256`).
        outputs: what it computed of the input, flat.
    """

    content: Engine
    about: Mapping[str, Any]
    outputs: Sequence[float]

    @property
    def files(self) -> dict[str, bytes]:
        """The engine and what is beside it, by the ends of their names."""
        said = json.dumps(self.about, indent=2, ensure_ascii=False) + "\n"
        return {SUFFIX: bytes(self.content), SIDECAR: said.encode()}


def builds_engines(device: Device) -> bool:
    """Whether a device makes engines of graphs: it can be reached, and runs TensorRT."""
    return device.measurable and device.runtime_spec.builds_engines


def build_engine(
    device: Device, model: bytes, values: Sequence[float], *, cache: bytes = b""
) -> BuiltEngine:
    """Has a device build the engine of a model, and run it once.

    Args:
        device: one that `builds_engines`.
        model: serialised ONNX with one input of float32.
        values: of that input, flat.
        cache: of the device's table, so that the engine is made of the kernels that were timed.

    Raises:
        DeviceError: the device failed, or its processor is emulated.
    """
    with open_target(device) as target:
        target.use_cache(cache)
        target.add("model", model)
        facts, engine = target.build("model")
        identity = identity_of(device, facts)
        identity.require_real(device.name)
        target.add("engine", engine)
        outputs = target.outputs(["engine"], values)[0]
    fingerprint = identity.fingerprint
    names = (*_MUST_BE, "machine", "precision", "batch")
    about = {name: getattr(fingerprint, name) for name in names}
    contents = {"sha256": engine, "onnx_sha256": model, "cache_sha256": cache}
    hashes = {key: hashlib.sha256(content).hexdigest() for key, content in contents.items()}
    return BuiltEngine(engine, {**about, **hashes}, outputs)


def load_engine(path: Path, device: Device) -> Engine:
    """An engine of `BuiltEngine.files`, if it was built for this very device.

    Raises:
        ConfigError: the file, or the one beside it, is missing, damaged, or of another device; the
            message says what it was built for.
        DeviceError: the device failed.
    """
    if not device.runtime_spec.builds_engines:
        raise ConfigError(
            f"{path} is an engine, and {device.name} has 'runtime: {device.runtime}': name the "
            f"ONNX file that it was built from, or a --device with 'runtime: tensorrt'"
        )
    try:
        content, about = path.read_bytes(), _about(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != about["sha256"]:
        raise ConfigError(
            f"{path} is not the engine that {_sidecar(path).name} speaks of: copy both again, or "
            "export it anew"
        )
    here = read_fingerprint(device)
    for name in _MUST_BE:
        if about[name] != getattr(here, name):
            raise ConfigError(
                f"{path} was built by {about['runtime']} {about['runtime_version']} for "
                f"'{about['provider']}' and runs there alone; {device.name} has {here.runtime} "
                f"{here.runtime_version}, '{here.provider}': build it there from the ONNX file, by "
                "'hwnas export' with this device"
            )
    return Engine(content)


def relative_difference(computed: Sequence[float], expected: Sequence[float]) -> float:
    """The largest difference of two lists of logits, relative to the largest of the expected.

    Raises:
        DeviceError: they are not as many.
    """
    if len(computed) != len(expected):
        raise DeviceError(f"the engine computes {len(computed)} numbers, and not {len(expected)}")
    one, other = np.asarray(computed), np.asarray(expected)
    return float(np.abs(one - other).max() / max(float(np.abs(other).max()), 1e-12))


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(SUFFIX) + SIDECAR)


def _about(path: Path) -> dict[str, str]:
    beside = _sidecar(path)
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
        found = {name: str(content[name]) for name in (*_MUST_BE, "sha256")}
        if not all(text.isprintable() and len(text) < _MOST_TEXT for text in found.values()):
            raise ValueError("a text that harms a terminal")
        return found
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(
            f"{beside}, which says what {path.name} was built for, is missing or damaged: copy it "
            "from the export folder, or export the engine anew"
        ) from error
