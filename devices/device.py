"""Device: where graphs run, and the fingerprint under which timings may be compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from hwnas.core.configs import LocalPath, StrictModel, find_config, read_config
from hwnas.core.errors import DeviceError
from hwnas.core.foreign_text import shown
from hwnas.core.registry import Registry
from hwnas.core.spelling import nearest
from hwnas.devices.affinity import Cores
from hwnas.devices.deployments import DEPLOYMENTS
from hwnas.devices.runtimes import RUNTIMES, RuntimeSpec, load_spec
from hwnas.devices.transports import TRANSPORTS, TransportSpec, load_transport

if TYPE_CHECKING:  # which is made of a device
    from hwnas.devices.link import Links

PRECISIONS = ("fp32", "fp16", "int8")
"""Those of any runtime, see `RuntimeSpec.precisions`."""
IMPORTED = "imported"
"""The transport of a device on which nothing can be run: its timings come from elsewhere."""

# One word each that no shell and no option parser takes for something else.
_HOST = r"^[A-Za-z0-9_:\[][A-Za-z0-9_.:%\[\]-]*$"
_WORD = r"^[A-Za-z0-9_][A-Za-z0-9_.:-]*$"
_OPTION = r"^[A-Za-z_][A-Za-z0-9_]*$"
_MISSING = {"host": ": which machine ssh reaches"}


class Device(StrictModel):
    """Transport + runtime + precision, threads, batch: a file of `configs/devices/`.

    In Python, `transport` and `runtime` also take a `TransportSpec` and a `RuntimeSpec`, whose name
    this process then knows.

    Attributes:
        name: what `--device` and `latency@NAME` call it.
        transport: name of a transport: how the target is reached.
        options: what a transport of an installed package needs to know, by its own names.
        host, user, port, ssh_config: of the transport ssh; what is left out is as the user's own
            ssh configuration says, or the file that `ssh_config` names.
        serial: of the transport adb, as `adb devices` shows it.
        fixed_performance: of adb: ask Android to keep its clocks at a level that it can hold.
        folder: on the target, where a folder hwnas is made for graphs; by default its cache.
        agent: name of the program that runs jobs on the target.
        python: of the agent python: the Python that runs it.
        arch: of the agent native: for which architecture `hwnas devices bundle` made its bundle;
            what 'uname -m' says on the target. On this machine it is known.
        bundle: of the agent native, in place of that: a folder with a bundle.
        runtime: name of a runtime: what loads graphs and times them.
        precision: of weights and activations, one of the runtime's.
        threads: that compute one inference.
        batch: images per inference.
        cores: which ones the threads are pinned to: "auto", "any", or a list of numbers.
        rest_s: seconds of rest before each round of measurements.
        limit_celsius: a round waits while the hottest sensor is above it.
        emulated: the target's processor is emulated, though that cannot be seen there.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    transport: str = "local"
    options: dict[Annotated[str, Field(pattern=_OPTION)], str | int | float | bool] = Field(
        default_factory=dict
    )
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
    _links: "Links | None" = PrivateAttr(default=None)

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

    def __hash__(self) -> int:
        """Of its name: `options` have no hash."""
        return hash(self.name)

    @field_validator("transport", mode="before")
    @classmethod
    def _known_transport(cls, value: Any) -> Any:
        return value if value == IMPORTED else _known(value, TRANSPORTS, TransportSpec, (IMPORTED,))

    @field_validator("agent")
    @classmethod
    def _known_agent(cls, value: str) -> Any:
        return _known(value, DEPLOYMENTS)

    @field_validator("runtime", mode="before")
    @classmethod
    def _known_runtime(cls, value: Any) -> Any:
        return _known(value, RUNTIMES, RuntimeSpec)

    @field_validator("folder")
    @classmethod
    def _whole_path(cls, value: str | None) -> str | None:
        if value is None:
            return value
        path = PurePosixPath(value)
        if not path.is_absolute() or ".." in path.parts or not value.isprintable():
            raise ValueError(f"{value!r} must be an absolute path on the target, like /data")
        return value

    @model_validator(mode="after")
    def _keys_of_the_transport(self) -> Self:
        spec = self.transport_spec
        for owner in map(load_transport, TRANSPORTS.ours):
            wrong = [key for key in owner.keys if key in self.model_fields_set]
            if wrong and self.transport != owner.name:
                raise ValueError(
                    f"{wrong[0]} is for 'transport: {owner.name}', and this device has "
                    f"'transport: {self.transport}'; leave it out"
                )
        known = spec.options if spec is not None else ()
        for option in self.options:
            if option not in known:
                raise ValueError(
                    f"the transport {self.transport} has no option '{option}'"
                    f"{nearest(option, known)} (it has: {', '.join(known) or 'none'})"
                )
        for key in spec.required if spec is not None else ():
            given = self.options.get(key) if key in known else getattr(self, key)
            if given is None:
                path = f"options.{key}" if key in known else key
                raise ValueError(f"the key '{path}' is missing{_MISSING.get(key, '')}")
        if self.folder and not self.remote:
            raise ValueError("folder is for remote targets; leave it out")
        return self

    @model_validator(mode="after")
    def _keys_of_the_agent(self) -> Self:
        if self.python and self.agent != "python":
            raise ValueError("python is for 'agent: python'; leave it out")
        for key in ("arch", "bundle"):
            if getattr(self, key) and self.agent != "native":
                raise ValueError(f"{key} is for 'agent: native'; add that, or leave {key} out")
        if self.arch and self.bundle:
            raise ValueError("a bundle is for one architecture; leave out arch or bundle")
        if self.agent == "native" and self.remote and not (self.arch or self.bundle):
            raise ValueError("the key 'arch' is missing: what 'uname -m' says on the target")
        return self

    @model_validator(mode="after")
    def _what_the_runtime_can(self) -> Self:
        spec = self.runtime_spec
        if self.agent == "native" and not spec.native:
            raise ValueError(f"runtime {spec.name} needs 'agent: python'; leave the agent out")
        if self.precision not in spec.precisions:
            # Without such kernels, graphs are computed in float32, between conversions.
            others = [one for one in RUNTIMES.ours if self.precision in load_spec(one).precisions]
            raise ValueError(
                f"runtime {spec.name} does not compute in {self.precision}; use "
                f"{' or '.join(spec.precisions)}, or a runtime that does: {', '.join(others)}"
            )
        return self

    @field_validator("precision")
    @classmethod
    def _known_precision(cls, value: str) -> str:
        if value not in PRECISIONS:
            raise ValueError(f"there is no precision '{value}' (known: {', '.join(PRECISIONS)})")
        return value

    @property
    def transport_spec(self) -> TransportSpec | None:
        """The specification of its transport, None where its timings are imported.

        Raises:
            DeviceError: it is of a package that is not installed any more.
        """
        return load_transport(self.transport) if self.measurable else None

    @property
    def runtime_spec(self) -> RuntimeSpec:
        """The specification of its runtime.

        Raises:
            DeviceError: it is of a package that is not installed any more.
        """
        return load_spec(self.runtime)

    @property
    def int8_recipe(self) -> str | None:
        """How graphs are quantised for it, see `RuntimeSpec.int8`; None for another precision."""
        return self.runtime_spec.int8 if self.precision == "int8" else None

    @property
    def remote(self) -> bool:
        """Whether the target is another machine, or acts as one."""
        spec = self.transport_spec
        return spec is not None and spec.remote

    @property
    def measurable(self) -> bool:
        """Whether graphs can be timed on it; otherwise its timings are imported."""
        return self.transport != IMPORTED

    @property
    def links(self) -> "Links | None":
        """What makes links to it; None where they are made from this machine."""
        return self._links

    def linked_by(self, links: "Links") -> Self:
        """The same device in this process, reached by links of another kind."""
        found = self.model_copy()
        found._links = links
        return found

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
    agent: str = "python"
    fixed_performance: bool = False

    def difference(self, other: "Fingerprint") -> str | None:
        """The first field that differs, None when equal.

        As in "threads is 1 there and 2 here": "there" is this fingerprint, "here" the other one.
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


def load_device(name: str) -> Device:
    """The device of a shipped name or a YAML file.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
    """
    return read_config(find_config("devices", name), Device)


def _known(
    value: Any, registry: Registry[Any], kind: type[Any] | None = None, others: Sequence[str] = ()
) -> Any:
    """The name of a part, given by its name or as an object; anything but a name is left as it is.

    Raises:
        ValueError: no part has this name, in the form that pydantic wants.
    """
    try:
        if kind is not None and isinstance(value, kind):
            registry.add(value.name, value)
            return value.name
        if isinstance(value, str):
            registry.check(value, others)
    except DeviceError as error:
        raise ValueError(str(error)) from error
    return value
