"""Identity: what a device says of itself, by which its timings are known and kept."""

from dataclasses import dataclass, replace

from hwnas.core.errors import DeviceError
from hwnas.devices.answers import Facts
from hwnas.devices.device import IMPORTED, Device, Fingerprint
from hwnas.devices.target import Target, open_target
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.graph import BUILDER_VERSION, OPSET, build_graph


@dataclass(frozen=True)
class Identity:
    """What a device says of itself.

    Attributes:
        fingerprint: what must be equal for timings to be comparable.
        emulated: what emulates its processor, "" where it is real.
        uncontrolled: see `hwnas.devices.uncontrolled`.
    """

    fingerprint: Fingerprint
    emulated: str = ""
    uncontrolled: tuple[str, ...] = ()

    def require_real(self, name: str) -> None:
        """Raises DeviceError for a processor that is emulated: no timing of it is kept."""
        if self.emulated:
            raise DeviceError(
                f"{name} is emulated, by {self.emulated}: its times say nothing about a real "
                "processor and are not kept; name a real --device"
            )


def read_identity(device: Device) -> Identity:
    """What a device says of itself; of one whose timings are imported, its config.

    Raises:
        DeviceError: the device failed.
    """
    if not device.measurable:
        facts = Facts(
            machine=IMPORTED,
            cpu=device.name,
            cores=0,
            pinned="",
            agent="python",
            runtime=device.runtime,
            runtime_version="",
            provider=IMPORTED,
        )
        return Identity(_fingerprint(device, facts))
    with open_target(device) as target:
        return identify(target)


def identify(target: Target) -> Identity:
    """What a device says of itself, by the smallest job.

    Raises:
        DeviceError: the device failed.
    """
    graph = build_graph([ConvBlock(3, 8, 1, 1, "relu", 8)], batch=target.device.batch)
    target.add("any", graph.SerializeToString())
    return identity_of(target, target.facts("any"))


def read_fingerprint(device: Device) -> Fingerprint:
    """The fingerprint of a device, see `read_identity`.

    Raises:
        DeviceError: the device failed.
    """
    return read_identity(device).fingerprint


def identity_of(target: Target, facts: Facts) -> Identity:
    """What the facts of a job say of its device.

    The agent is named by the link: the target knows its name, and not of what it was made.

    Raises:
        DeviceError: what its agent is made of is not here any more.
    """
    device = target.device
    return Identity(
        _fingerprint(device, replace(facts, agent=target.agent)),
        facts.emulated or ("an emulator" if device.emulated else ""),
        facts.uncontrolled,
    )


def _fingerprint(device: Device, facts: Facts) -> Fingerprint:
    return Fingerprint(
        machine=facts.machine,
        cpu=facts.cpu,
        cores=facts.cores,
        runtime=facts.runtime,
        runtime_version=facts.runtime_version,
        provider=facts.provider,
        pinned=facts.pinned,
        agent=facts.agent,
        precision=device.precision,
        threads=device.threads,
        batch=device.batch,
        fixed_performance=device.fixed_performance,
        opset=OPSET,
        graph_builder=BUILDER_VERSION,
    )
