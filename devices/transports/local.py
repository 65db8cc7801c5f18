"""The machine at hand: the agent is a child process, so that a crash there is not one here."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from devices.errors import DeviceError


class LocalTransport:
    """Runs the agent with this Python."""

    def push(self, folder: Path) -> str:
        """Nothing to copy: the folder is already here."""
        return str(folder)

    def run_agent(self, folder: str) -> Iterator[str]:
        """Runs the agent on a job folder and yields its output lines.

        The child has its own process group, so that Ctrl-C stops the parent alone, which then ends
        the child; a killed parent ends it too, at its next write into the broken pipe.

        Raises:
            DeviceError: the agent ended with an error.
        """
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            agent = subprocess.Popen(
                # -P: no module of the current folder may stand in for one of Python's or ours.
                [sys.executable, "-P", "-m", "devices.agent", folder],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
            assert agent.stdout is not None
            try:
                yield from agent.stdout
                code = agent.wait()
            finally:
                agent.kill()
                agent.wait()
                agent.stdout.close()
            if code != 0:
                errors.seek(0)
                said = errors.read().strip().splitlines()[-1:] or [f"exit code {code}"]
                raise DeviceError(f"timing on this machine failed: {said[0]}")

    def close(self) -> None:
        """Nothing stays behind."""
