"""A fleet: several devices measured at once, each into a table of its own."""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import ConfigError, HwnasError
from hwnas.core.listener import SILENT, Listener, Update
from hwnas.devices.device import Device
from hwnas.devices.hosts import THIS_MACHINE, Hosts, where
from hwnas.devices.location import Place, same_machine
from hwnas.devices.stopping import LATEST_S, stopped_by
from hwnas.latency.family import AnyEnergy, AnyLatency
from hwnas.runs.config import RunConfig
from hwnas.runs.latencies import named_table, table_path
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profiling import energy_of, profile_space
from hwnas.runs.sources import NOTHING_HELD, Sources
from hwnas.spaces import Space

# Seconds after which a thread that was started runs.
_BEGINS = 2.0


@dataclass(frozen=True)
class Member:
    """A device of a fleet.

    Attributes:
        name: as --device called it.
        device: what that is.
        table: where its timings go.
    """

    name: str
    device: Device
    table: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a member: its models, or the sentence of why there are none."""

    member: Member
    model: AnyLatency | None
    problem: str = ""
    energy: AnyEnergy | None = None


def load_fleet(
    names: Sequence[str], config: RunConfig | None, sources: Sources = NOTHING_HELD
) -> list[Member]:
    """The members of these names, each with the table that a search will look for.

    Args:
        names: as --device says them.
        config: which may name tables.
        sources: where they are found.

    Raises:
        ConfigError: there is no such device, its file is wrong, its timings are imported, or two
            would share a table.
    """
    members: list[Member] = []
    for name in names:
        device = sources.device(name)
        if not device.measurable:
            raise ConfigError(f"{name} cannot be measured: its timings are imported; leave it out")
        named = named_table(config, name, sources) if config else None
        path = Path(sources.find(str(table_path(named, device))))
        for other in members:
            if other.table.resolve() == path.resolve():
                raise ConfigError(
                    f"--device {other.name} and {name} both measure into {path}; name each device "
                    "once, and give devices different names"
                )
        members.append(Member(name, device, path))
    return members


def fleet_stage(
    space: Space,
    members: Sequence[Member],
    counts: ProfileConfig,
    listener: Listener,
    hosts: Hosts = THIS_MACHINE,
) -> list[Outcome]:
    """`profile_fleet` with a progress bar for each member, and a sentence on each that fails.

    Raises:
        ConfigError: it cannot be said which host has a device.
    """

    def failed(outcome: Outcome) -> None:
        listener.say(f"{outcome.member.name} failed, the others continue: {outcome.problem}")

    if hosts is not THIS_MACHINE:
        listener.say(where(hosts, [member.device for member in members]))
    titles = [f"measuring {space.name} on {member.name}" for member in members]
    with listener.several(*titles, unit="visits") as updates:
        return profile_fleet(space, members, counts, updates, failed, hosts, listener)


def profile_fleet(
    space: Space,
    members: Sequence[Member],
    counts: ProfileConfig,
    progress: Sequence[Update],
    failed: Callable[[Outcome], None],
    hosts: Hosts = THIS_MACHINE,
    listener: Listener = SILENT,
) -> list[Outcome]:
    """Measures a space on all members; one that fails does not stop the others.

    Members that are one machine would disturb each other: they are measured one after another.

    Args:
        space: what to measure.
        members: the devices.
        counts: how many whole networks each measures.
        progress: of each member, called by a thread of its own.
        failed: called at once with a member that failed, by its thread.
        hosts: that reach them.
        listener: hears of a member that is waited for.

    Returns:
        The outcomes in the order of the members.

    Raises:
        KeyboardInterrupt: Ctrl-C, after all have ended; what they measured is kept.
    """
    outcomes: dict[str, Outcome] = {}
    bugs: list[BaseException] = []
    stop = threading.Event()

    def measure(group: Sequence[int], ended: threading.Event) -> None:
        try:
            with stopped_by(stop):
                for index in group:
                    member = members[index]
                    reached = hosts.reaching(member.device, listener)
                    outcome = _measured(space, member, reached, counts, progress[index])
                    outcomes[member.name] = outcome
                    if outcome.problem:
                        failed(outcome)
        except BaseException as bug:
            bugs.append(bug)
        finally:
            ended.set()

    started: list[tuple[threading.Thread, threading.Event]] = []
    try:
        for group in _groups(members, [hosts.place(member.device) for member in members]):
            ended = threading.Event()
            # Daemons: a second Ctrl-C, while they clear away, ends the process all the same.
            thread = threading.Thread(target=measure, args=[group, ended], daemon=True)
            started.append((thread, ended))  # before it can be interrupted
            thread.start()
        # Not by joining the threads: Python 3.11 takes a thread whose join was interrupted for
        # one that has ended.
        for _, ended in started:
            # In pieces: a signal that comes just before a wait begins does not end that wait.
            while not ended.wait(LATEST_S):
                pass
    except KeyboardInterrupt:
        stop.set()
        for thread, ended in started:
            # One that was interrupted while it began may never have begun.
            ended.wait(_BEGINS if thread.ident is None else None)
        raise
    if bugs:
        raise bugs[0]
    return [outcomes[member.name] for member in members]


def _measured(
    space: Space,
    member: Member,
    reached: AbstractContextManager[Device],
    counts: ProfileConfig,
    progress: Update,
) -> Outcome:
    try:
        with reached as device:
            model = profile_space(space, device, member.table, counts, progress)
        energy = energy_of(space, member.table) if counts.energy else None
        return Outcome(member, model, energy=energy)
    except HwnasError as error:
        return Outcome(member, None, str(error))
    except OSError as error:
        return Outcome(member, None, f"cannot read or write: {error.strerror or error}")


def _groups(members: Sequence[Member], places: Sequence[Place]) -> list[list[int]]:
    """The members by their positions, those of one machine together; with where each is reached."""

    def together(one: int, other: int) -> bool:
        devices = members[one].device, members[other].device
        return same_machine(*devices, (places[one], places[other]))

    groups: list[list[int]] = []
    for index in range(len(members)):
        # Of several groups too: a host without a port is the same as that host at any port.
        joined = [group for group in groups if any(together(other, index) for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append([*(other for group in joined for other in group), index])
    return groups
