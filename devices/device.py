"""Device: where graphs run, and the fingerprint under which timings may be compared."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from hwnas.core.configs import LocalPath, StrictModel, find_config, read_config
from hwnas.core.errors import DeviceError
from hwnas.core.foreign_text import shown
from hwnas.devices.affinity import Cores
from hwnas.devices.agents import AGENTS
from hwnas.devices.runtimes import ON_GPUS, RUNTIMES, WITHOUT_INT8
from hwnas.devices.transports import TRANSPORTS

PRECISIONS = ("fp32", "fp16", "int8")
"""Those of any runtime, see `precisions`."""
IMPORTED = "imported"
"""The transport of a device that nothing runs on here: its timings come from elsewhere."""


# One word each that no shell and no option parser takes for something else.
_HOST = r"^[A-Za-z0-9_:\[][A-Za-z0-9_.:%\[\]-]*$"
_WORD = r"^[A-Za-z0-9_][A-Za-z0-9_.:-]*$"
_OF_TRANSPORT = {
    "ssh": ("host", "user", "port", "ssh_config"),
    "adb": ("serial", "fixed_performance"),
}


class Device(StrictModel):
    """Transport + runtime + precision, threads, batch: a file of `configs/devices/`.

    Attributes:
        name: what `--device` and `latency@NAME` call it.
        transport: registered name.
        host, user, port, ssh_config: of the transport ssh; what is left out says the user's own ssh
            configuration, or the file that `ssh_config` names.
        serial: of the transport adb, as `adb devices` shows it.
        fixed_performance: of adb: ask Android to keep its clocks at a level that it can hold.
        folder: on the target, where a folder hwnas is made for graphs; by default its cache.
        agent: registered name of the program that runs there.
        python: of the agent python: which one.
        arch: of the agent native: for which architecture `hwnas devices bundle` made its bundle;
            what 'uname -m' says on the target. On this machine it is known.
        bundle: of the agent native, in place of that: a folder with a bundle.
        runtime: registered name.
        precision: of weights and activations, see `precisions`.
        threads: of one inference.
        batch: images an inference.
        cores: which ones the threads are pinned to ("auto"), "any", or a list of numbers.
        rest_s: seconds of rest before each round of measurements.
        limit_celsius: a round waits while the hottest sensor is above it.
        emulated: the target's processor is emulated, though it cannot be seen there.
    """

    later: ClassVar[tuple[str, ...]] = (
        "host",
        "user",
        "port",
        "ssh_config",
        "serial",
        "fixed_performance",
        "folder",
        "agent",
        "python",
        "arch",
        "bundle",
        "rest_s",
        "limit_celsius",
        "emulated",
    )

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    transport: str = "local"
    host: Annotated[str | None, Field(pattern=_HOST)] = None
    user: Annotated[str | None, Field(pattern=_WORD)] = None
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    ssh_config: LocalPath | None = None
    serial: Annotated[str | None, Field(pattern=_WORD)] = None
    fixed_performance: bool = False
    folder: str | None = None
    agent: str = "python"
    python: str | None = None
    arch: Literal["aarch64", "x86_64"] | None = None
    bundle: LocalPath | None = None
    runtime: str = "onnxruntime"
    precision: str = "fp32"
    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    batch: Annotated[int, Field(ge=1, le=65_536)] = 1
    cores: Cores = "auto"
    rest_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    limit_celsius: Annotated[float | None, Field(ge=20, le=120)] = None
    emulated: bool = False

    @field_validator("host", mode="before")
    @classmethod
    def _host_alone(cls, value: Any) -> Any:
        if isinstance(value, str) and "@" in value:
            user, _, host = value.rpartition("@")
            raise ValueError(
                f"'{shown(value)}' names a user too; write host: {shown(host)} and "
                f"user: {shown(user)} (--host and --user)"
            )
        return value

    @field_validator("cores", mode="before")
    @classmethod
    def _cores(cls, value: Any) -> Any:
        if value in ("auto", "any"):
            return value
        if isinstance(value, list | tuple) and value:
            numbers = all(type(core) is int and core >= 0 for core in value)
            if numbers and len(set(value)) == len(value):
                return tuple(value)
        raise ValueError(f"{value!r} must be auto, any, or a list of core numbers like [2, 3]")

    @model_validator(mode="after")
    def _a_core_a_thread(self) -> Self:
        if not isinstance(self.cores, str) and len(self.cores) != self.threads:
            # Fewer would make threads wait for each other, more let them wander.
            raise ValueError(
                f"cores names {len(self.cores)} and threads is {self.threads}; name a core a thread"
            )
        return self

    @field_validator("transport")
    @classmethod
    def _known_transport(cls, value: str) -> str:
        return _known(value, (*TRANSPORTS, IMPORTED))

    @field_validator("agent")
    @classmethod
    def _known_agent(cls, value: str) -> str:
        return _known(value, AGENTS)

    @field_validator("folder")
    @classmethod
    def _whole_path(cls, value: str | None) -> str | None:
        if value is None:
            return value
        path = PurePosixPath(value)
        if not path.is_absolute() or ".." in path.parts or not value.isprintable():
            raise ValueError(f"{value!r} must be a whole path on the target, like /data")
        return value

    @model_validator(mode="after")
    def _keys_of_the_transport(self) -> Self:
        for transport, keys in _OF_TRANSPORT.items():
            wrong = [key for key in keys if key in self.model_fields_set]
            if wrong and self.transport != transport:
                raise ValueError(
                    f"{wrong[0]} is for 'transport: {transport}', and here it is "
                    f"{self.transport}; leave it out"
                )
        if self.transport == "ssh" and not self.host:
            raise ValueError("the key 'host' is missing: which machine ssh reaches")
        if self.folder and self.transport not in _OF_TRANSPORT:
            raise ValueError("folder is for targets far away; leave it out")
        if self.python and self.agent != "python":
            raise ValueError("python is for 'agent: python'; leave it out")
        for key in ("arch", "bundle"):
            if getattr(self, key) and self.agent != "native":
                raise ValueError(f"{key} is for 'agent: native'; add that, or leave it out")
        if self.arch and self.bundle:
            raise ValueError("the bundle says for which arch it is; leave one of the two out")
        far = self.transport in _OF_TRANSPORT
        if self.agent == "native" and far and not (self.arch or self.bundle):
            raise ValueError("the key 'arch' is missing: what 'uname -m' says on the target")
        return self

    @model_validator(mode="after")
    def _what_the_runtime_can(self) -> Self:
        if self.runtime in ON_GPUS and self.agent != "python":
            raise ValueError(f"runtime {self.runtime} needs 'agent: python'; leave the agent out")
        able = precisions(self.runtime)
        if self.precision == "fp16" and "fp16" not in able:
            raise ValueError(
                "precision fp16 is for GPUs, with 'runtime: tensorrt' or onnxruntime_cuda, and "
                f"here it is {self.runtime}; use fp32 or int8"
            )
        if self.precision == "int8" and "int8" not in able:
            raise ValueError(
                f"runtime {self.runtime} does not compute in int8, for which it has no kernels: "
                "use fp16, or 'runtime: tensorrt'"
            )
        return self

    @field_validator("runtime")
    @classmethod
    def _known_runtime(cls, value: str) -> str:
        return _known(value, RUNTIMES)

    @field_validator("precision")
    @classmethod
    def _known_precision(cls, value: str) -> str:
        return _known(value, PRECISIONS)

    @property
    def measurable(self) -> bool:
        """Whether graphs can be timed on it; otherwise its timings were imported."""
        return self.transport != IMPORTED

    def require_measurable(self) -> None:
        """Raises DeviceError when nothing can be run on the device."""
        if not self.measurable:
            raise DeviceError(
                f"{self.name} cannot be measured: its timings were imported; import those that are "
                "missing with 'hwnas table import', or name another --device"
            )


@dataclass(frozen=True)
class FieldDifference:
    """A field that is not the same in two fingerprints, a and b."""

    field: str
    a: Any
    b: Any


@dataclass(frozen=True)
class Fingerprint:
    """What must be equal for two timings to be comparable.

    `machine`, `cpu`, `cores`, `pinned`, `runtime`, `runtime_version` and `provider` are read on the
    target; `precision`, `threads` and `batch` are the device's; `opset` and `graph_builder` the
    graphs'; `agent` is the program that timed, with a hash of the libraries it brought;
    `fixed_performance` is Android's mode.
    """

    machine: str
    cpu: str
    cores: int
    runtime: str
    runtime_version: str
    provider: str
    precision: str
    threads: int
    batch: int
    pinned: str
    opset: int
    graph_builder: int
    agent: str = "python"  # tables of before do not say these two
    fixed_performance: bool = False

    def difference(self, other: "Fingerprint") -> str | None:
        """The first field that differs, None when equal.

        As in "threads is 1 there and 2 here": this fingerprint is there, the other one here.
        """
        for found in self.differences(other):
            return f"{found.field} is {found.a!r} there and {found.b!r} here"
        return None

    def differences(self, other: "Fingerprint") -> Iterator[FieldDifference]:
        """The fields that differ: a is this fingerprint's value, b the other one's."""
        for field in fields(self):
            a, b = getattr(self, field.name), getattr(other, field.name)
            if a != b:
                yield FieldDifference(field.name, a, b)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Fingerprint":
        """The inverse of `dataclasses.asdict`.

        Raises:
            DeviceError: missing or unknown fields, or values of other types.
        """
        try:
            found = cls(**data)
        except TypeError as error:
            raise DeviceError(f"the fingerprint {shown(data)} cannot be read: {error}") from error
        for field in fields(found):
            value = getattr(found, field.name)
            if type(value) is not field.type or (type(value) is str and not value.isprintable()):
                raise DeviceError(
                    f"the fingerprint cannot be read: its {field.name} is {shown(repr(value))}"
                )
        return found


def precisions(runtime: str) -> tuple[str, ...]:
    """The precisions that a runtime may be asked for."""
    # A processor computes half precision in float32, between conversions that cost time; a runtime
    # without integer kernels computes int8 graphs in float32, likewise.
    without = {"fp16"} if runtime not in ON_GPUS else set()
    without |= {"int8"} if runtime in WITHOUT_INT8 else set()
    return tuple(one for one in PRECISIONS if one not in without)


def load_device(name: str) -> Device:
    """The device of a shipped name or a YAML file.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
    """
    return read_config(find_config("devices", name), Device)


def _known(value: str, names: Any) -> str:
    if value not in names:
        raise ValueError(f"'{value}' is not known (known: {', '.join(names)})")
    return value
