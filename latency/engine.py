"""Engines as files: built on a device, with what says so beside them, and read back."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from hwnas.core.digests import SHA256, digest
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
class EngineOrigin:
    """What an engine was built for, and of what: the content of the file beside it.

    Attributes:
        runtime, runtime_version: that built it, and alone can load it.
        provider: the product and the GPU.
        machine, precision, batch: of the device.
        sha256: of the engine.
        onnx_sha256: of the ONNX file.
        cache_sha256: of the timing cache that it was built with.
    """

    runtime: str
    runtime_version: str
    provider: str
    machine: str
    precision: str
    batch: int
    sha256: str
    onnx_sha256: str
    cache_sha256: str


@dataclass(frozen=True)
class BuiltEngine:
    """An engine that a device has built and run once.

    Attributes:
        content: the engine.
        origin: for the file beside it.
        outputs: what it computed of the input, flat.
    """

    content: Engine
    origin: EngineOrigin
    outputs: Sequence[float]

    @property
    def files(self) -> dict[str, bytes]:
        """The engine and what is beside it, by the ends of their names."""
        about = json.dumps(asdict(self.origin), indent=2, ensure_ascii=False) + "\n"
        return {SUFFIX: bytes(self.content), SIDECAR: about.encode()}


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
        identity = identity_of(target, facts)
        identity.require_real(device.name)
        target.add("engine", engine)
        outputs = target.outputs(["engine"], values)[0]
    found = identity.fingerprint
    origin = EngineOrigin(
        runtime=found.runtime,
        runtime_version=found.runtime_version,
        provider=found.provider,
        machine=found.machine,
        precision=found.precision,
        batch=found.batch,
        sha256=digest(engine, SHA256),
        onnx_sha256=digest(model, SHA256),
        cache_sha256=digest(cache, SHA256),
    )
    return BuiltEngine(engine, origin, outputs)


def load_engine(path: Path, device: Device) -> Engine:
    """An engine of `BuiltEngine.files`, if it was built for this very device.

    Raises:
        ConfigError: the file, or the one beside it, is missing, damaged, or of another device; the
            message says what it was built for.
        DeviceError: the device failed.
    """
    if not device.runtime_spec.builds_engines:
        raise ConfigError(
            f"{path} is an engine, and {device.name} has 'runtime: {device.runtime}'; name the "
            f"ONNX file that it was built from, or a --device with 'runtime: tensorrt'"
        )
    try:
        content, about = path.read_bytes(), _about(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if digest(content, SHA256) != about["sha256"]:
        raise ConfigError(
            f"{path} is not the engine that {_sidecar(path).name} describes; copy both again, or "
            "export it anew"
        )
    here = read_fingerprint(device)
    for name in _MUST_BE:
        if about[name] != getattr(here, name):
            raise ConfigError(
                f"{path} was built by {about['runtime']} {about['runtime_version']} for "
                f"'{about['provider']}' and runs only there; {device.name} has {here.runtime} "
                f"{here.runtime_version}, '{here.provider}'; build it there from the ONNX file "
                "with 'hwnas export' and this device"
            )
    return Engine(content)


def relative_difference(computed: Sequence[float], expected: Sequence[float]) -> float:
    """The largest difference of two lists of logits, relative to the largest of the expected.

    Raises:
        DeviceError: they are not as many.
    """
    if len(computed) != len(expected):
        raise DeviceError(f"the engine computes {len(computed)} numbers instead of {len(expected)}")
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
            f"{beside}, which says what {path.name} was built for, is missing or damaged; copy it "
            "from the export folder, or export the engine anew"
        ) from error
