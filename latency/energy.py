"""Profiling energy: what blocks and whole networks use on a GPU, into the table of their timings.

Visits last half a second each, so that there are few of them: two sessions of two rounds.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from hwnas.core.errors import EnergyError
from hwnas.core.progress import Progress
from hwnas.core.workspace import job_folder
from hwnas.devices.answers import TargetEnergy
from hwnas.devices.device import Device
from hwnas.devices.target import Round, Target, open_target
from hwnas.latency.energies import EnergyVisit, energies_of
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.measure import builders, kept_messages, measured_groups, measuring_into
from hwnas.latency.profile import fitted_model
from hwnas.latency.table import LatencyTable
from hwnas.latency.wanted import register_wanted
from hwnas.latency.whole_networks import batches_of, progress_of_each
from hwnas.networks.blocks import Block, Network


@dataclass(frozen=True)
class EnergySchedule:
    """How often, and how long, the energy of each graph is measured.

    Attributes:
        sessions: processes, each of which loads every graph anew; two at least, whose difference
            is the noise.
        rounds: visits a session, each round in a new random order.
        least_ms: duration of a visit, at least: NVML's counter moves every 20 to 100 ms.
    """

    sessions: int = 2
    rounds: int = 2
    least_ms: float = 500.0

    def rounds_of(
        self, done: Iterable[EnergyVisit], graphs: Sequence[str], session: int
    ) -> list[Round]:
        """What a session still lacks; the order depends on its session and number alone."""
        stored = {(v.graph, v.round) for v in done if v.session == session}
        found = []
        for number in range(self.rounds):
            order = [graph for graph in graphs if (graph, number) not in stored]
            random.Random(f"energy {session}/{number}").shuffle(order)
            if order:
                found.append(Round(number, order))
        return found


def check_energy(device: Device) -> None:
    """Sees that a device counts its energy, before hours are spent on measuring.

    Raises:
        EnergyError: it does not; the message says why.
        DeviceError: the device failed.
    """
    require_gpu(device)
    with open_target(device) as target:
        for _ in target.energy([], least_ms=0.0):
            pass


def require_gpu(device: Device) -> None:
    """Raises EnergyError for a device that cannot be one that counts its energy."""
    device.require_measurable()
    if not device.runtime_spec.on_gpu:
        raise EnergyError(
            f"energy is measured on NVIDIA GPUs, and {device.name} has the runtime "
            f"{device.runtime}; leave out what asks for it (--energy, profile.energy, a budget, an "
            "objective of a searcher), or name a device with 'runtime: tensorrt'"
        )


def profile_energy(
    device: Device,
    table: LatencyTable,
    *,
    scope: str,
    blocks: Iterable[Block],
    fit_networks: Sequence[Network],
    check_networks: Sequence[Network],
    chains: bool = False,
    singly: bool = True,
    schedule: EnergySchedule | None = None,
    progress: Progress | None = None,
) -> EnergyModel:
    """Measures the energies that the table lacks, fits the model and stores it with its error.

    Args: see `hwnas.latency.profile.profile`.

    Raises:
        DeviceError: the device failed, or counts no energy; what was measured is kept, calling
            again continues.
        TableError: the table is another device's, or another process measures into it.
    """
    plan = schedule or EnergySchedule()
    wanted = register_wanted(
        table, blocks, fit_networks, check_networks, chains=chains, singly=singly
    )
    groups = [wanted.all] if singly else list(batches_of(wanted.networks, wanted.networks))
    visits = [plan.sessions * plan.rounds * len(group) for group in groups]
    missing = [
        measure_energy(device, table, builders(device, group), plan, told)
        for group, told in zip(groups, progress_of_each(progress, visits), strict=True)
    ]
    return fitted_model(EnergyModel, table, scope, wanted, changed=any(missing))


def measure_energy(
    device: Device,
    table: LatencyTable,
    graphs: Mapping[str, Callable[[], bytes]],
    schedule: EnergySchedule,
    progress: Progress | None = None,
) -> int:
    """Measures the energies that the table lacks, of graphs by what builds their ONNX files.

    Each visit is stored as it arrives. Returns how many were missing.

    Raises:
        DeviceError, TableError: see `profile_energy`.
    """
    lacking = partial(_lacking, table, schedule)
    sessions = range(schedule.sessions)
    missing = sum(len(one.order) for session in sessions for one in lacking(session, graphs))
    if not missing:
        return 0
    require_gpu(device)
    total = len(graphs) * schedule.sessions * schedule.rounds
    done = total - missing
    with measuring_into(table), open_target(device) as target:
        for session in sessions:
            wanted = {name for one in lacking(session, graphs) for name in one.order}
            some = {name: graphs[name] for name in graphs if name in wanted}
            run = partial(_run, target, table=table, session=session, least_ms=schedule.least_ms)
            for kept in measured_groups(target, some, partial(lacking, session), run):
                done += kept
                if progress is not None:
                    progress(done, total)
    return missing


@dataclass(frozen=True)
class MeasuredEnergy:
    """The energy per inference in mJ, and what the two sessions differ by, relative to it."""

    millijoules: float
    noise: float


def measure_model_energy(device: Device, model: bytes, *, cache: bytes = b"") -> MeasuredEnergy:
    """Measures the energy of a given ONNX file or engine as it is; it is kept nowhere.

    Args:
        device: where to measure.
        model: serialised, with fixed input shapes.
        cache: of the device's table, see `LatencyTable.cache`.

    Raises:
        DeviceError: the device failed, or counts no energy.
    """
    with (
        job_folder() as folder,
        LatencyTable(folder / "energy.sqlite") as table,
    ):
        if cache:
            table.keep_cache(cache)
        measure_energy(device, table, {"model": lambda: model}, EnergySchedule())
        visits = table.energies.visits()
    first, second = (energies_of(visits, [session])["model"] for session in (0, 1))
    whole = energies_of(visits)["model"]
    return MeasuredEnergy(whole, abs(first - second) / whole)


def _lacking(
    table: LatencyTable, schedule: EnergySchedule, session: int, graphs: Iterable[str]
) -> list[Round]:
    return schedule.rounds_of(table.energies.visits(), list(graphs), session)


def _run(
    target: Target, rounds: Sequence[Round], table: LatencyTable, session: int, least_ms: float
) -> Iterator[int]:
    target.use_cache(table.cache())
    job = target.energy(rounds, least_ms=least_ms)
    for message in kept_messages(target, job, table, session):
        if isinstance(message, TargetEnergy):
            table.energies.add(
                [
                    EnergyVisit(
                        message.graph,
                        session,
                        message.round,
                        message.millijoules,
                        message.inferences,
                        message.ms,
                    )
                ]
            )
            yield 1
