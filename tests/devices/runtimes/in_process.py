"""The local device with the agent in this process, where a GPU and its runtime can be simulated."""

import contextlib
import io
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from hwnas.core.errors import DeviceError, EnergyError, ProgramError
from hwnas.devices.agent import run_job
from hwnas.devices.device import Device
from hwnas.devices.job import NO_ENERGY, Job
from hwnas.devices.runtimes import gpu_timing
from hwnas.devices.transports.local import WHERE, LocalTransport
from tests.devices.parts import use_transport


class InProcess(LocalTransport):
    """Runs each job here; its text goes there and back as it would."""

    def run(self, command: Sequence[str], given: str, last: Any = None) -> Iterator[str]:
        del command, last
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


def gpu_device(monkeypatch: pytest.MonkeyPatch, runtime: str, **keys: object) -> Device:
    """A device of this machine's simulated GPU, with short warm-ups."""
    use_transport(monkeypatch, "local", InProcess)
    monkeypatch.setattr(gpu_timing, "WARM_UP_MS", 1.0)
    # Not pinned: that would be this very process.
    return Device(name="gpu", runtime=runtime, cores="any", **keys)  # type: ignore[arg-type]
