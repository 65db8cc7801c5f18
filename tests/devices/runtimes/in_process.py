"""The local device with the agent in this process.

There a GPU and its runtime can be simulated, and no process is started for every job.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence

import pytest

from hwnas.core.errors import DeviceError, EnergyError, ProgramError
from hwnas.devices import agent
from hwnas.devices.affinity import pin
from hwnas.devices.agent import run_job
from hwnas.devices.device import Device
from hwnas.devices.job import NO_ENERGY, Job
from hwnas.devices.runtimes import gpu_timing
from hwnas.devices.transports.local import WHERE, LocalTransport
from hwnas.devices.transports.process import Last, never
from tests.devices.parts import use_transport


class InProcess(LocalTransport):
    """Runs each job of this Python here; its text goes there and back as it would."""

    def run(self, command: Sequence[str], given: str, last: Last = never) -> Iterator[str]:
        if command[0] != sys.executable:
            yield from super().run(command, given, last)
            return
        try:
            with (
                contextlib.chdir(self._folder),
                contextlib.redirect_stdout(io.StringIO()) as output,
            ):
                run_job(Job.from_text(given))
        except DeviceError as error:
            code = NO_ENERGY if isinstance(error, EnergyError) else 2
            raise ProgramError(WHERE, code, str(error), [str(error)]) from error
        yield from output.getvalue().splitlines()


def agent_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs this machine's jobs in this process, which is pinned to no core by them."""

    def pinned(cores: str | Sequence[int], threads: int) -> str:
        usable = os.sched_getaffinity(0)
        try:
            return pin(cores, threads)
        finally:
            os.sched_setaffinity(0, usable)

    use_transport(monkeypatch, "local", InProcess)
    monkeypatch.setattr(agent, "pin", pinned)


def gpu_device(monkeypatch: pytest.MonkeyPatch, runtime: str, **keys: object) -> Device:
    """A device of this machine's simulated GPU, with short warm-ups."""
    use_transport(monkeypatch, "local", InProcess)
    monkeypatch.setattr(gpu_timing, "WARM_UP_MS", 1.0)
    # Not pinned: that would be this very process.
    return Device(name="gpu", runtime=runtime, cores="any", **keys)  # type: ignore[arg-type]
